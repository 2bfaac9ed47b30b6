"""Capture: what a scene is fitted to."""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.checks import check_shape


@dataclass(frozen=True, eq=False)
class PosedPictures:
    """Pictures of one scene and the cameras that took them.

    Args:
        colors: RGB in [0, 1], channels last as in `Rendering`; multiplied by alpha where there is
            one, [V, H, W, 3].
        cameras: The V cameras, H x W pixels, pinhole.
        alphas: Share of the ray that the scene stops, [V, H, W]; None where pictures are opaque.
        depths: Distance along the optical axis in scene units, 0 where it was not measured,
            [V, H, W]; None where it nowhere was.

    Raises:
        ShapeError: If the tensors disagree about views or pixels.
    """

    colors: Float[Tensor, "v h w 3"]
    cameras: Cameras
    alphas: Float[Tensor, "v h w"] | None = None
    depths: Float[Tensor, "v h w"] | None = None

    def __post_init__(self) -> None:
        shape = [self.cameras.views, self.cameras.height, self.cameras.width]
        check_shape("colors", self.colors, [*shape, 3])
        for name in ("alphas", "depths"):
            if (tensor := getattr(self, name)) is not None:
                check_shape(name, tensor, shape)

    @property
    def count(self) -> int:
        """Number of views, V."""
        return self.cameras.views

    def __getitem__(self, index: slice | list[int] | Int[Tensor, " m"]) -> "PosedPictures":
        """Some of the views."""
        return self._map(lambda part: part[index])

    def to(self, device: torch.device) -> "PosedPictures":
        """The same pictures on a device."""
        return self._map(lambda part: part.to(device))

    def over(self, background: Float[Tensor, " 3"]) -> Float[Tensor, "v h w 3"]:
        """The pictures in front of a background, which opaque ones hide.

        Args:
            background: RGB.
        """
        if self.alphas is None:
            return self.colors
        return self.colors + (1 - rearrange(self.alphas, "v h w -> v h w 1")) * background

    def _map(self, change: Any) -> "PosedPictures":
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        changed = {name: change(part) for name, part in parts.items() if part is not None}
        return replace(self, **changed)


@dataclass(frozen=True, eq=False)
class Capture:
    """What a scene is fitted to.

    Args:
        train: The views that are fitted.
        held_out: Views to measure on; None where there are too few views to hold any out.
        points: Points on the scene's surfaces, [P, 3], where some are known.
        colors: Their RGB in [0, 1].
    """

    train: PosedPictures
    held_out: PosedPictures | None = None
    points: Float[Tensor, "p 3"] | None = None
    colors: Float[Tensor, "p 3"] | None = None

    @classmethod
    def split(
        cls,
        pictures: PosedPictures,
        hold_out: int,
        points: Float[Tensor, "p 3"] | None = None,
        colors: Float[Tensor, "p 3"] | None = None,
    ) -> "Capture":
        """Hold out the last view of every group.

        Args:
            pictures: All views.
            hold_out: Views per group, at least 2; those of a last, smaller group are all fitted.
            points: Known points.
            colors: Their colors.
        """
        apart = torch.arange(pictures.count) % hold_out == hold_out - 1
        kept = pictures[torch.nonzero(~apart)[:, 0]]
        held_out = pictures[torch.nonzero(apart)[:, 0]] if apart.any() else None
        return cls(kept, held_out, points, colors)
