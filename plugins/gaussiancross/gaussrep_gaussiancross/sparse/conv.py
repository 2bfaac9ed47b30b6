"""Sparse convolution with its gradients."""

from math import prod
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.checks import check_shape
from gaussrep.errors import CapabilityError, ShapeError
from gaussrep_gaussiancross.sparse import plain as plain_torch
from gaussrep_gaussiancross.sparse.kernel_map import Pairs
from gaussrep_gaussiancross.sparse.kernels import kernels_for


def convolve(
    x: Float[Tensor, "inputs c"],
    weight: Float[Tensor, "d kx ky kz c"],
    pairs: Pairs,
    *,
    plain: bool = False,
) -> Float[Tensor, "outputs d"]:
    """Convolve rows of features by an index table.

    Args:
        x: Input rows.
        weight: Kernel, laid out as spconv does; its offsets, x slowest, are the lists of the table.
        pairs: Who meets whom.
        plain: Whether to do without Numba.

    Returns:
        Output rows; the sum over an output's pairs is always taken in the same order.

    Raises:
        ShapeError: If features, kernel and table do not belong together.
    """
    check_shape("x", x, [pairs.input_count, weight.shape[-1]])
    if weight[0, ..., 0].numel() != pairs.offsets:
        sides = " x ".join(map(str, weight.shape[1:4]))
        raise ShapeError(f"weight is {sides}, but the index table has {pairs.offsets} offsets.")
    out: Any = _Convolution.apply(x.contiguous(), weight.to(x.dtype).flatten(1, 3), pairs, plain)
    return out


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, pairs: Pairs, plain: bool) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.pairs, ctx.plain = pairs, plain
        return _engine(x, plain).multiply(x, weight, pairs, False)

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *slopes: Tensor
    ) -> tuple[Tensor | None, Tensor | None, None, None]:
        if torch.is_grad_enabled():
            raise CapabilityError(
                "sparse convolutions have first derivatives only; leave out create_graph=True."
            )
        x, weight = ctx.saved_tensors
        slope, engine = slopes[0].contiguous(), _engine(x, ctx.plain)
        to_x = to_weight = None
        if ctx.needs_input_grad[0]:
            to_x = engine.multiply(slope, weight, ctx.pairs.swapped, True)
        if ctx.needs_input_grad[1]:
            to_weight = engine.weight_gradient(x, slope, ctx.pairs)
        return to_x, to_weight, None, None


def _engine(x: Tensor, plain: bool) -> Any:
    return (None if plain else kernels_for(x)) or plain_torch


STD = 0.02
"""Standard deviation of a fresh submanifold kernel (SpUNet's)."""


class SparseConv(nn.Module):
    """A kernel without bias; which convolution it is lies in the index table.

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output.
        size: Side of the kernel in voxels. Even sizes change the resolution, and start as torch's
            convolutions do; odd ones start as SpUNet's.
    """

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.inputs, self.outputs, self.size = inputs, outputs, size
        self.weight = nn.Parameter(torch.empty(outputs, size, size, size, inputs))
        if size % 2:
            nn.init.trunc_normal_(self.weight, std=STD)
        else:
            bound = prod(self.weight.shape[1:]) ** -0.5
            nn.init.uniform_(self.weight, -bound, bound)

    def forward(
        self, x: Float[Tensor, "inputs c"], pairs: Pairs, *, plain: bool = False
    ) -> Float[Tensor, "outputs d"]:
        """Convolve rows of features.

        Args:
            x: Input rows.
            pairs: Index table.
            plain: Whether to do without Numba.

        Returns:
            Output rows.
        """
        return convolve(x, self.weight, pairs, plain=plain)

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"{self.inputs}, {self.outputs}, size={self.size}"
