"""Views: posed RGB-D frames of one scene."""

from dataclasses import dataclass, replace
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.checks import check_shape


@dataclass(frozen=True, eq=False)
class Views:
    """Posed RGB-D frames of one scene.

    Args:
        images: RGB in [0, 1], float32 [V, 3, H, W].
        depths: Distance along the optical axis in the units of the points, 0 where it was not
            measured, float32 [V, H, W].
        cameras: The V cameras, H x W pixels, pinhole.
        frames: Number of each frame in its scene, int64 [V].

    Raises:
        ShapeError: If the tensors disagree about views or pixels.
    """

    images: Float[Tensor, "v 3 h w"]
    depths: Float[Tensor, "v h w"]
    cameras: Cameras
    frames: Int[Tensor, " v"]

    def __post_init__(self) -> None:
        size = [self.cameras.height, self.cameras.width]
        count = self.cameras.views
        check_shape("images", self.images, [count, 3, *size])
        check_shape("depths", self.depths, [count, *size])
        check_shape("frames", self.frames, [count])

    @property
    def count(self) -> int:
        """Number of views, V."""
        return self.cameras.views

    def replace(self, **changes: Any) -> "Views":
        """The same views with some fields replaced."""
        return replace(self, **changes)
