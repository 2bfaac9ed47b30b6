"""Losses that compare pixel by pixel."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.checks import check_shape
from gaussrep.losses.loss import Loss


class MSE(Loss):
    """Mean squared error over the channels of all pixels that count; 0 where none does.

    Example:
        >>> import torch
        >>> MSE()(torch.zeros(2, 2, 3), torch.full((2, 2, 3), 0.5)).item()
        0.25
    """

    def forward(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, ""]:
        """Mean of (prediction - target)²; see the base class."""
        return _mean(_difference(prediction, target, mask).square(), mask)


class L1(Loss):
    """Mean absolute error over the channels of all pixels that count; 0 where none does.

    Example:
        >>> import torch
        >>> L1()(torch.zeros(2, 2, 3), torch.full((2, 2, 3), 0.5)).item()
        0.5
    """

    def forward(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, ""]:
        """Mean of |prediction - target|; see the base class."""
        return _mean(_difference(prediction, target, mask).abs(), mask)


def _difference(prediction: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
    """Zero outside the mask, with zero gradient even where a value there is NaN."""
    check_shape("target", target, list(prediction.shape))
    if mask is None:
        return prediction - target
    check_shape("mask", mask, list(prediction.shape[:-1]))
    return torch.where(mask[..., None], prediction - target, 0)


def _mean(errors: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return errors.mean()
    return errors.sum() / (mask.sum() * errors.shape[-1]).clamp_min(1)
