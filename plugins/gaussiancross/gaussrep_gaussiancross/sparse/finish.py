"""Convolution, normalization, addition and ReLU, in one pass over memory where that can be done."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.errors import ValueRangeError
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.engine import kernels_for
from gaussrep_gaussiancross.sparse.pairs import Pairs


def convolve_and_finish(
    x: Float[Tensor, "inputs c"],
    conv: SparseConv,
    norm: nn.BatchNorm1d,
    pairs: Pairs,
    added: Float[Tensor, "outputs d"] | None = None,
    *,
    plain: bool = False,
) -> Float[Tensor, "outputs d"]:
    """`relu(norm(conv(x)) + added)`.

    Args:
        x: Input rows.
        conv: The kernel.
        norm: What follows it.
        pairs: Index table.
        added: What is added to the output rows.
        plain: Whether to do without Numba.

    Returns:
        Output rows.
    """
    kernels = None if plain or norm.training or torch.is_grad_enabled() else kernels_for(x)
    if kernels is None:
        return finish(conv(x, pairs, plain=plain), norm, added)
    scale, shift = fold(norm)
    return kernels.multiply_and_finish(x, conv.weight.flatten(1, 3), pairs, scale, shift, added)


def finish(
    x: Float[Tensor, "rows d"], norm: nn.BatchNorm1d, added: Float[Tensor, "rows d"] | None
) -> Float[Tensor, "rows d"]:
    """`relu(norm(x) + added)`.

    Args:
        x: Rows.
        norm: Normalization of columns.
        added: What is added to the rows.

    Returns:
        Rows, >= 0.

    Raises:
        ValueRangeError: In training, if there is a single row.
    """
    if norm.training and len(x) == 1:
        raise ValueRangeError(
            "a single voxel is left at the coarsest resolution, which batch normalization cannot "
            "learn from; use larger scenes, a smaller voxel, or a backbone of fewer levels."
        )
    x = norm(x)
    return torch.relu(x if added is None else x + added)


def fold(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """A fixed normalization as a factor and a shift per column."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale
