"""Settings of the `shapes` data set (torch-free)."""

from typing import Annotated

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig

Count = Annotated[int, Field(ge=1, le=32)]


class ShapesConfig(ComponentConfig):
    """Settings of the `shapes` data set.

    A scene depends on `seed`, `objects`, the split and the index, and on nothing else: every epoch
    and every run sees the same ones, and `size` only says how finely they are drawn. As scenes are
    made when they are asked for, a larger `samples` costs neither time nor memory.
    """

    size: int = Field(default=64, ge=8, le=4096)
    """Side of the square output in pixels."""
    samples: int = Field(default=20_000, ge=1)
    """Number of training scenes."""
    val_samples: int = Field(default=500, ge=1)
    """Number of validation scenes."""
    objects: tuple[Count, Count] = (2, 6)
    """Fewest and most objects in front of the backdrop."""
    seed: int = Field(default=0, ge=0)
    """Which family of scenes; the run's own seed has no influence on them."""

    @model_validator(mode="after")
    def _check_order(self) -> "ShapesConfig":
        low, high = self.objects
        if low > high:
            raise ValueError(f"objects is ({low}, {high}), wanted the smaller number first")
        return self
