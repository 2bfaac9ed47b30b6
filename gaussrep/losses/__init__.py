"""Losses: differences between predicted and target images or feature maps."""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.losses.loss import Loss, LossOutput, PixelLoss, check_shapes

__all__ = [
    "Loss",
    "LossOutput",
    "PixelLoss",
    "check_shapes",
]

_HOMES = {
    "Loss": "gaussrep.losses.loss",
    "LossOutput": "gaussrep.losses.loss",
    "PixelLoss": "gaussrep.losses.loss",
    "check_shapes": "gaussrep.losses.loss",
}

__getattr__ = lazy_names(__name__, _HOMES)
