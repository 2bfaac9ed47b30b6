from gaussrep.config import ComponentConfig


class ToyConfig(ComponentConfig):
    width: int = 8
    noise: float = 0.1
    nan_at: int = -1
    pause: float = 0.0
    dice: bool = False
    """Draw from Python's generator, too; the run-time type checks of the tests do so as well."""


class ToyDataConfig(ComponentConfig):
    samples: int = 40
    held_out: int = 6
    width: int = 4
