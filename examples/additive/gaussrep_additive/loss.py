"""`pyramid`: mean squared error over an image pyramid."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from gaussrep.losses import Loss, check_shapes
from gaussrep_additive.config import PyramidConfig


class PyramidLoss(Loss):
    """Mean squared error of images and of their half-size copies, averaged over levels.

    A pixel of a smaller copy is the mean of the pixels that count of the four below it, and weighs
    as much as they do. A wide Gaussian of the wrong color costs as much on every level, noise on
    the first level only.

    Args:
        config: Number of levels.
    """

    def __init__(self, config: PyramidConfig) -> None:
        super().__init__()
        self.config = config

    def forward(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, ""]:
        """Compute the loss; see `Loss.forward`. It is 0 if no pixel counts."""
        check_shapes(prediction, target, mask)
        pixels = prediction.shape[:-1]
        counted = torch.ones(pixels, dtype=torch.bool, device=prediction.device)
        if mask is not None:
            counted = mask
        errors = torch.where(counted[..., None], prediction - target, 0)
        errors = errors.reshape(-1, *errors.shape[-3:]).movedim(-1, 1)
        counts = counted.to(errors.dtype).reshape(-1, 1, *pixels[-2:])
        levels = []
        for _ in range(self.config.levels):
            levels.append(_mean_square(errors, counts))
            errors, counts = _halved(errors), _halved(counts)
        return torch.stack(levels).mean()


def _mean_square(
    sums: Float[Tensor, "b c h w"], counts: Float[Tensor, "b 1 h w"]
) -> Float[Tensor, ""]:
    """Mean of squared means, each weighted by its number of pixels."""
    squares = sums.square() / counts.clamp_min(1)
    return squares.sum() / (counts.sum() * sums.shape[1]).clamp_min(1)


def _halved(sums: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c half_h half_w"]:
    return functional.avg_pool2d(sums, 2, ceil_mode=True, divisor_override=1)
