"""Batch normalization whose statistics are those of the batch of all processes.

torch's `SyncBatchNorm` does this on GPUs only, and its modules are of another class than those that
methods build.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def synchronized_batch_norms(module: nn.Module) -> Iterator[None]:
    """Let the batch normalizations of a module normalize the batch of all processes in the body.

    Outside of it they compute alone, as when one process evaluates and the others wait for it.

    Args:
        module: Keeps its parts, parameters and buffers; in evaluation mode nothing changes.

    Yields:
        Nothing; all processes make the same forward and backward passes in the body.
    """
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
    for norm in norms:
        norm.forward = MethodType(_forward, norm)
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


def _forward(norm: _BatchNorm, x: Tensor) -> Tensor:
    if not norm.training:
        return type(norm).forward(norm, x)
    mean, variance, count = _joint_moments(x)
    if count <= 1:
        raise ValueError(f"expected more than 1 value per channel, got {list(x.shape)}")
    if norm.track_running_stats:
        _update_running_moments(norm, mean, variance * (count / (count - 1)))
    return _Normalize.apply(x, norm.weight, norm.bias, mean, (variance + norm.eps).rsqrt(), count)


def _joint_moments(
    x: Float[Tensor, "b c *rest"],
) -> tuple[Float[Tensor, " c"], Float[Tensor, " c"], int]:
    """Compute mean, variance and count of each channel over all processes."""
    variance, mean = torch.var_mean(x.detach().float(), _all_but_channels(x), correction=0)
    own = torch.stack([mean, variance, torch.full_like(mean, x.numel() // x.shape[1])])
    parts = [torch.empty_like(own) for _ in range(distributed.get_world_size())]
    distributed.all_gather(parts, own)
    means, variances, counts = torch.stack(parts, dim=1)
    weights = counts / counts.sum(0)
    joint = (weights * means).sum(0)
    spread = (weights * (variances + (means - joint).square())).sum(0)
    return joint, spread, int(counts[:, 0].sum())


def _update_running_moments(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    running_mean, running_variance, batches = (
        norm.running_mean,
        norm.running_var,
        norm.num_batches_tracked,
    )
    assert running_mean is not None
    assert running_variance is not None
    assert batches is not None
    batches += 1
    factor = 1 / float(batches) if norm.momentum is None else norm.momentum
    running_mean.lerp_(mean.to(running_mean.dtype), factor)
    running_variance.lerp_(variance.to(running_variance.dtype), factor)


class _Normalize(torch.autograd.Function):
    """`(x - mean) / deviation * weight + bias`, where x of all processes gave mean and deviation.

    The gradient is that of the sum of the losses of all processes.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        mean: Tensor,
        scale: Tensor,
        count: int,
    ) -> Tensor:
        ctx.save_for_backward(x, weight, mean, scale)
        ctx.count = count
        out = _standardized(x, mean, scale)
        if weight is not None and bias is not None:
            out = out * _along_channels(weight, x) + _along_channels(bias, x)
        return out.to(x.dtype)

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grad_outputs: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor | None, None, None, None]:
        x, weight, mean, scale = ctx.saved_tensors
        gradient, x_hat = grad_outputs[0].float(), _standardized(x, mean, scale)
        dims = _all_but_channels(x)
        own = torch.stack([(gradient * x_hat).sum(dims), gradient.sum(dims)])
        joint = own / ctx.count
        distributed.all_reduce(joint)
        mean_product, mean_gradient = (_along_channels(each, x) for each in joint)
        factor = scale if weight is None else scale * weight
        grad_x = _along_channels(factor, x) * (gradient - mean_gradient - x_hat * mean_product)
        grad_weight, grad_bias = (None, None) if weight is None else own.unbind()
        return grad_x.to(x.dtype), grad_weight, grad_bias, None, None, None


def _standardized(x: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    return (x.float() - _along_channels(mean, x)) * _along_channels(scale, x)


def _all_but_channels(x: Tensor) -> list[int]:
    return [dim for dim in range(x.ndim) if dim != 1]


def _along_channels(values: Float[Tensor, " c"], x: Tensor) -> Tensor:
    return values.view(-1, *[1] * (x.ndim - 2))
