from gaussrep.config import ComponentConfig
from gaussrep.data.config import CropConfig


class LookerConfig(ComponentConfig):
    width: int = 6


class ColorsConfig(CropConfig):
    image_size: int = 12
    samples: int = 48
    held_out: int = 24
    classes: int = 3
    noise: float = 0.05
