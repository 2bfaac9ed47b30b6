"""Capture: posed images of one scene, read by any capture format."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.building import build
from gaussrep.config import resolve
from gaussrep.errors import PluginError
from gaussrep.fitting.capture_config import CaptureConfig
from gaussrep.fitting.capture_formats import find_capture_format
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.stored_images import StoredImages


@dataclass(frozen=True, eq=False)
class Capture:
    """Posed images of one scene, optionally with points on its surfaces.

    Args:
        train: The views to fit; those of a large capture are decoded when they are indexed.
        held_out: Held-out views; None if there are too few views to hold any out.
        points: Points on the scene's surfaces in scene units, [P, 3], if some are known.
        colors: Their RGB in [0, 1], [P, 3].
    """

    train: PosedImages | StoredImages
    held_out: PosedImages | StoredImages | None = None
    points: Float[Tensor, "p 3"] | None = None
    colors: Float[Tensor, "p 3"] | None = None

    @classmethod
    def split(
        cls,
        images: PosedImages | StoredImages,
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
