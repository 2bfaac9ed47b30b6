"""L1 and SSIM together on the CPU, by kernels that replace some eighty torch operations."""

from functools import cache
from math import prod
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from gaussrep.kernels import launch, simd
from gaussrep.losses.l1_ssim_kernels import ROWS, compare
from gaussrep.metrics.structural_similarity import RADIUS, SIGMA


def is_supported(prediction: Tensor, target: Tensor) -> bool:
    """Check whether the kernels compare these images.

    Args:
        prediction: Images in float32 on the CPU, [*batch, H, W, C].
        target: Images of the same shape.

    Returns:
        Whether the images are large enough, and no gradient to the target is needed.
    """
    height, width, channels = prediction.shape[-3:]
    is_large = min(height, width) >= RADIUS and width * channels >= simd.WIDTH
    return is_large and not target.requires_grad


def l1_ssim(
    prediction: Float[Tensor, "*batch h w c"],
    target: Float[Tensor, "*batch h w c"],
    ssim_weight: float,
    mask: Bool[Tensor, "*batch h w"] | None = None,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:
    """Compute the weighted sum (1 - λ) L1 + λ (1 - SSIM), and both means, by one node of autograd.

    Args:
        prediction: Images that `is_supported` accepts; gradients flow to them, once.
        target: Images of the same shape.
        ssim_weight: The weight λ.
        mask: True where a pixel counts, in both means; the others are 0 in both images.

    Returns:
        The sum; without gradients, the mean absolute difference and the mean SSIM index, 0 and 1
        if no pixel counts.
    """
    weights, count = None, prediction.numel()
    if mask is not None:
        weights = mask[..., None].expand(prediction.shape).to(prediction.dtype)
        count = prediction.shape[-1] * int(mask.sum())
    return _WeightedMeans.apply(prediction, target, weights, count, ssim_weight)  # pyright: ignore[reportReturnType]


class _WeightedMeans(torch.autograd.Function):
    """Weighted sum of a mean absolute difference and one minus a mean SSIM index, and both.

    The forward pass computes the gradient, too, which is one product with what comes back.
    """

    @staticmethod
    def forward(
        ctx: Any,
        prediction: Tensor,
        target: Tensor,
        weights: Tensor | None,
        count: int,
        ssim_weight: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        first, needs_gradient = _rows(prediction), ctx.needs_input_grad[0]
        factors, size = _factors(ssim_weight), max(1, count)
        shape = first.shape if needs_gradient else (0, 0, 0)
        sums, gradient = np.empty((_tasks(first), 2), np.float64), np.empty(shape, np.float32)
        launch(
            compare,
            len(sums),
            first,
            _rows(target),
            np.empty((0, 0, 0), np.float32) if weights is None else _rows(weights),
            _window(),
            prediction.shape[-1],
            factors * SIGNS / np.float32(size),
            np.empty((3, *shape), np.float32),
            np.zeros(len(sums), np.int64),
            sums,
            gradient,
        )
        if needs_gradient:
            ctx.gradient = torch.from_numpy(gradient).view(prediction.shape)
        differences, indices = sums.sum(0).tolist()
        l1, dissimilarity = (np.float32(each / size) for each in (differences, count - indices))
        weighted = factors[0] * l1 + factors[1] * dissimilarity
        scalars = weighted, l1, np.float32(1) - dissimilarity
        loss, mean, index = (torch.from_numpy(np.asarray(each)) for each in scalars)
        ctx.mark_non_differentiable(mean, index)
        return loss, mean, index

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator's signature
        ctx: Any, to_loss: Tensor, *_: Tensor
    ) -> tuple[Tensor, None, None, None, None]:
        factor = to_loss.item()
        return (ctx.gradient if factor == 1 else ctx.gradient * factor), None, None, None, None


SIGNS = np.array([1, -1], np.float32)
"""The loss rises with the differences and falls with the index."""


def _factors(ssim_weight: float) -> np.ndarray:
    return np.array([1 - ssim_weight, ssim_weight], np.float32)


def _rows(images: Tensor) -> np.ndarray:
    """View images as [I, H, W * C]; a copy if they are not contiguous."""
    *lead, height, width, channels = images.shape
    return images.detach().contiguous().view(prod(lead), height, width * channels).numpy()


def _tasks(images: np.ndarray) -> int:
    return images.shape[0] * -(-images.shape[1] // ROWS)


@cache
def _window() -> np.ndarray:
    offsets = np.arange(-RADIUS, RADIUS + 1)
    window = np.exp(-0.5 * (offsets / SIGMA) ** 2)
    return (window / window.sum()).astype(np.float32)
