"""PosedImages: images of one scene and their cameras."""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.checks import check_shape


@dataclass(frozen=True, eq=False)
class PosedImages:
    """Images of one scene and their cameras.

    Args:
        colors: RGB in [0, 1], channels last as in `Rendering`; multiplied by alpha if there is
            one, [V, H, W, 3].
        cameras: The V cameras, H x W pixels; pinholes, or cameras with a lens.
        alphas: Opacity of each pixel in [0, 1], [V, H, W]; None if the images are opaque.
        depths: Distance along the optical axis in scene units, 0 where it was not measured,
            [V, H, W]; None if there is none.
        masks: True where a pixel counts, in the loss, the metrics and densification, [V, H, W];
            None if all do.

    Raises:
        ShapeError: If the tensors disagree about views or pixels.
    """

    colors: Float[Tensor, "v h w 3"]
    cameras: Cameras
    alphas: Float[Tensor, "v h w"] | None = None
    depths: Float[Tensor, "v h w"] | None = None
    masks: Bool[Tensor, "v h w"] | None = None

    def __post_init__(self) -> None:
        shape = [self.cameras.views, self.cameras.height, self.cameras.width]
        check_shape("colors", self.colors, [*shape, 3])
        for name in ("alphas", "depths", "masks"):
            if (tensor := getattr(self, name)) is not None:
                check_shape(name, tensor, shape)

    @property
    def count(self) -> int:
        """Number of views, V."""
        return self.cameras.views

    @property
    def has_transparency(self) -> bool:
        """Whether the images have alpha."""
        return self.alphas is not None

    def __getitem__(self, index: slice | list[int] | Int[Tensor, " m"]) -> "PosedImages":
        """Select views.

        Args:
            index: Which, as for a tensor's first axis.

        Returns:
            The selected views.
        """
        return self._map(lambda part: part[index])

    def read(self) -> "PosedImages":
        """Return the images, as captures do whose images stay in their files.

        Returns:
            These images.
        """
        return self

    def to(self, device: torch.device) -> "PosedImages":
        """Move all tensors to a device.

        Args:
            device: The device.

        Returns:
            The same images there.
        """
        return self._map(lambda part: part.to(device))

    def over(self, background: Float[Tensor, " 3"]) -> Float[Tensor, "v h w 3"]:
        """Composite the images over a background.

        Args:
            background: RGB.

        Returns:
            Opaque images.
        """
        is_black = background.is_cpu and not background.any()  # elsewhere, asking would wait
        if self.alphas is None or is_black:
            return self.colors
        return self.colors + (1 - rearrange(self.alphas, "v h w -> v h w 1")) * background

    def _map(self, change: Any) -> "PosedImages":
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        changed = {name: change(part) for name, part in parts.items() if part is not None}
        return replace(self, **changed)
