from gaussrep.config import ComponentConfig


class CubesConfig(ComponentConfig):
    scenes: int = 3
    side: float = 1.0
