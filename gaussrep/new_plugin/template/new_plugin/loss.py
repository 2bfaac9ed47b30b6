"""A robust loss."""

import torch
from gaussrep import Loss
from gaussrep.losses import check_shapes
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from new_plugin.config import HuberConfig


class Huber(Loss):
    """The mean of ½ e² / δ where an error e is below δ, and of |e| - ½ δ elsewhere.

    Args:
        config: δ.
    """

    def __init__(self, config: HuberConfig) -> None:
        super().__init__()
        self.config = config

    def forward(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, ""]:
        """See `Loss.forward`; 0 where no pixel counts."""
        check_shapes(prediction, target, mask)
        if mask is None:
            return functional.smooth_l1_loss(prediction, target, beta=self.config.delta)
        error = torch.where(mask[..., None], prediction - target, 0)
        zero = torch.zeros_like(error)
        total = functional.smooth_l1_loss(error, zero, beta=self.config.delta, reduction="sum")
        return total / (mask.sum() * prediction.shape[-1]).clamp_min(1)
