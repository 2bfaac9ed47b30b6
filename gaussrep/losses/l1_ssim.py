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
from gaussrep.losses.l1_ssim_kernels import ROWS, compare, differentiate
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
    mask: Bool[Tensor, "*batch h w"] | None = None,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Compute the mean absolute difference, and one minus the mean SSIM index.

    Args:
        prediction: Images that `is_supported` accepts; gradients flow to them, once.
        target: Images of the same shape.
        mask: True where a pixel counts, in both means; the others are 0 in both images.

    Returns:
        Two scalars; 0 where no pixel counts.
    """
    weights, count = None, prediction.numel()
    if mask is not None:
        weights = mask[..., None].expand(prediction.shape).to(prediction.dtype)
        count = prediction.shape[-1] * int(mask.sum())
    return _Means.apply(prediction, target, weights, count)  # pyright: ignore[reportReturnType]


class _Means(torch.autograd.Function):
    """Mean absolute difference, and one minus the weighted mean of SSIM indices."""

    @staticmethod
    def forward(
        ctx: Any, prediction: Tensor, target: Tensor, weights: Tensor | None, count: int
    ) -> tuple[Tensor, Tensor]:
        first, second = _rows(prediction), _rows(target)
        factors = np.empty(0, np.float32) if weights is None else _rows(weights)
        needs_gradient = ctx.needs_input_grad[0]
        partials = np.empty((3, *first.shape) if needs_gradient else 0, np.float32)
        sums = np.empty((_tasks(first), 2), np.float64)
        channels = prediction.shape[-1]
        launch(compare, len(sums), first, second, factors, _window(), channels, partials, sums)
        ctx.count = max(1, count)
        if needs_gradient:
            ctx.save_for_backward(prediction, target)
            ctx.partials = partials
        difference, index = sums.sum(0).tolist()
        l1, dissimilarity = difference / ctx.count, (count - index) / ctx.count
        return prediction.new_tensor(l1), prediction.new_tensor(dissimilarity)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator's signature
        ctx: Any, l1: Tensor, dissimilarity: Tensor
    ) -> tuple[Tensor, None, None, None]:
        prediction, target = ctx.saved_tensors
        first, second = _rows(prediction), _rows(target)
        gradient = torch.empty_like(prediction, memory_format=torch.contiguous_format)
        launch(
            differentiate,
            _tasks(first),
            first,
            second,
            _window(),
            prediction.shape[-1],
            ctx.partials,
            np.array([l1.item(), -dissimilarity.item()], np.float32) / np.float32(ctx.count),
            _rows(gradient),
        )
        return gradient, None, None, None


def _rows(images: Tensor) -> np.ndarray:
    """View images as [I, H, W * C]; a copy where they are not contiguous."""
    *lead, height, width, channels = images.shape
    return images.detach().contiguous().view(prod(lead), height, width * channels).numpy()


def _tasks(images: np.ndarray) -> int:
    return images.shape[0] * -(-images.shape[1] // ROWS)


@cache
def _window() -> np.ndarray:
    offsets = np.arange(-RADIUS, RADIUS + 1)
    window = np.exp(-0.5 * (offsets / SIGMA) ** 2)
    return (window / window.sum()).astype(np.float32)
