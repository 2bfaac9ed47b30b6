"""Losses: differences between predicted and target images or feature maps."""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.losses.config import L1SSIMConfig
    from gaussrep.losses.loss import Loss, LossOutput, PixelLoss, check_shapes

__all__ = [
    "L1SSIMConfig",
    "Loss",
    "LossOutput",
    "PixelLoss",
    "check_shapes",
]

_HOMES = {
    "L1SSIMConfig": "gaussrep.losses.config",
    "Loss": "gaussrep.losses.loss",
    "LossOutput": "gaussrep.losses.loss",
    "PixelLoss": "gaussrep.losses.loss",
    "check_shapes": "gaussrep.losses.loss",
}

__getattr__ = lazy_names(__name__, _HOMES)
