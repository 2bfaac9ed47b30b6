"""Settings of the `shapes` data set (torch-free)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig

Count = Annotated[int, Field(ge=1, le=32)]


class ShapesConfig(ComponentConfig):
    """Settings of the `shapes` data set.

    A scene depends on `seed`, `objects`, the split and the index, and on nothing else: every epoch
    and every run sees the same ones; `image_size` is only their resolution. Scenes are generated on
    demand, so a larger `samples` costs neither time nor memory.
    """

    renamed_keys: ClassVar[Mapping[str, str]] = {"size": "image_size"}

    image_size: int = Field(default=64, ge=8, le=4096)
    """Side of the square output in pixels."""
    samples: int = Field(default=20_000, ge=1)
    """Number of training scenes."""
    val_samples: int = Field(default=500, ge=1)
    """Number of validation scenes."""
    objects: tuple[Count, Count] = (2, 6)
    """Minimum and maximum number of objects in front of the backdrop."""
    views: int = Field(default=1, ge=1, le=32)
    """Number of images of a scene: from the front, and by oblique orthographic projections in
    random directions."""
    parallax: float = Field(default=0.125, gt=0, le=0.5)
    """Largest displacement, between two views, of the nearest points relative to the farthest, in
    image sides; a view has at least half of it."""
    seed: int = Field(default=0, ge=0)
    """Seed of the scenes; the run's own seed has no influence on them."""

    @model_validator(mode="after")
    def _check_order(self) -> "ShapesConfig":
        low, high = self.objects
        if low > high:
            raise ValueError(f"objects is ({low}, {high}), expected the smaller number first")
        return self
