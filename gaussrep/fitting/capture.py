"""Capture: posed images of one scene, read by any capture format."""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.checks import check_shape
from gaussrep.config import resolve
from gaussrep.errors import PluginError
from gaussrep.fitting.capture_formats import find_capture_format
from gaussrep.fitting.config import CaptureConfig


@dataclass(frozen=True, eq=False)
class PosedImages:
    """Images of one scene and their cameras.

    Args:
        colors: RGB in [0, 1], channels last as in `Rendering`; multiplied by alpha where there is
            one, [V, H, W, 3].
        cameras: The V cameras, H x W pixels; pinholes, or cameras with a lens.
        alphas: Opacity of each pixel in [0, 1], [V, H, W]; None where the images are opaque.
        depths: Distance along the optical axis in scene units, 0 where it was not measured,
            [V, H, W]; None where there is none.
        masks: True where a pixel counts, in the loss, the metrics and densification, [V, H, W];
            None where all do.

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

    def __getitem__(self, index: slice | list[int] | Int[Tensor, " m"]) -> "PosedImages":
        """Select views.

        Args:
            index: Which, as for a tensor's first axis.

        Returns:
            The selected views.
        """
        return self._map(lambda part: part[index])

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
        if self.alphas is None:
            return self.colors
        return self.colors + (1 - rearrange(self.alphas, "v h w -> v h w 1")) * background

    def _map(self, change: Any) -> "PosedImages":
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        changed = {name: change(part) for name, part in parts.items() if part is not None}
        return replace(self, **changed)


@dataclass(frozen=True, eq=False)
class Capture:
    """Posed images of one scene, with points on its surfaces where some are known.

    Args:
        train: The views to fit.
        held_out: Views to measure on; None where too few views exist to hold any out.
        points: Points on the scene's surfaces in scene units, [P, 3], where some are known.
        colors: Their RGB in [0, 1], [P, 3].
    """

    train: PosedImages
    held_out: PosedImages | None = None
    points: Float[Tensor, "p 3"] | None = None
    colors: Float[Tensor, "p 3"] | None = None

    @classmethod
    def split(
        cls,
        images: PosedImages,
        hold_out_every: int,
        points: Float[Tensor, "p 3"] | None = None,
        colors: Float[Tensor, "p 3"] | None = None,
    ) -> "Capture":
        """Hold out the last view of every group.

        Args:
            images: All views.
            hold_out_every: Views per group, at least 2; a last, smaller group is fitted entirely.
            points: Known points, [P, 3].
            colors: Their RGB in [0, 1], [P, 3].

        Returns:
            The capture.
        """
        is_held_out = torch.arange(images.count) % hold_out_every == hold_out_every - 1
        train = images[torch.nonzero(~is_held_out)[:, 0]]
        held_out = images[torch.nonzero(is_held_out)[:, 0]] if is_held_out.any() else None
        return cls(train, held_out, points, colors)


def open_capture(config: CaptureConfig) -> Capture:
    """Read all images of a capture.

    Args:
        config: Settings of a format, or a plain `CaptureConfig`, whose path decides the format.

    Returns:
        Images on the CPU, split into fitted and held-out views.

    Raises:
        DataError: The path holds no capture of a known format, or a file is missing or damaged.
        PluginError: The format is broken or cannot run here.
    """
    settings = config
    if not config.type:
        values = config.model_dump(exclude_unset=True)
        settings = resolve("captures", {**values, "type": find_capture_format(config.path)})
    capture = build("captures", settings, path=config.path)
    if not isinstance(capture, Capture):
        raise PluginError(
            f"the capture format {settings.type!r} returned a {type(capture).__name__}, expected a "
            "gaussrep.fitting.Capture"
        )
    return capture
