from pathlib import Path
from typing import Annotated

from gaussrep.config import ComponentConfig, component
from gaussrep.data import SceneConfig


class RoomsConfig(SceneConfig):
    root: Path = Path()
    rooms: int = 6
    held_out: int = 2
    boxes: int = 3
    labeled: bool = True
    instances: bool = True
    first_label: int = 0


class SurfaceConfig(ComponentConfig):
    width: int = 16


class FeelerConfig(ComponentConfig):
    grid_size: float = 0.05
    backbone: Annotated[ComponentConfig, component("encoders")] = SurfaceConfig(type="surface")
