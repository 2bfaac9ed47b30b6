"""Sparse convolution with its gradients, as a function and as a module."""

from math import prod
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.errors import CapabilityError, ShapeError
from gaussrep_gaussiancross.sparse import pure_torch as torch_kernels
from gaussrep_gaussiancross.sparse.kernel_map import KernelMap
from gaussrep_gaussiancross.sparse.kernels import kernels_for

INIT_STD = 0.02
"""Standard deviation of a fresh submanifold kernel (SpUNet's)."""


def convolve(
    x: Float[Tensor, "inputs c"],
    weight: Float[Tensor, "d kx ky kz c"],
    kernel_map: KernelMap,
    *,
    pure_torch: bool = False,
) -> Float[Tensor, "outputs d"]:
    """Convolve rows of features by a kernel map.

    Args:
        x: Input rows.
        weight: Kernel in spconv's layout; its offsets, x slowest, are the lists of the map.
        kernel_map: Pairs of input and output rows of each offset.
        pure_torch: Whether to avoid the compiled kernels.

    Returns:
        Output rows; the sum over an output's pairs is always taken in the same order.

    Raises:
        ShapeError: If features, kernel and map do not belong together.
    """
    wanted = [kernel_map.input_count, weight.shape[-1]]
    if list(x.shape) != wanted:
        raise ShapeError(f"x has shape {list(x.shape)}, expected {wanted}.")
    if weight[0, ..., 0].numel() != kernel_map.offsets:
        sides = " x ".join(map(str, weight.shape[1:4]))
        raise ShapeError(f"weight is {sides}, but the kernel map has {kernel_map.offsets} offsets.")
    flat = weight.to(x.dtype).flatten(1, 3)
    out: Any = _Convolution.apply(x.contiguous(), flat, kernel_map, pure_torch)
    return out


class SparseConv(nn.Module):
    """The kernel of a sparse convolution, without bias; the kernel map determines its type.

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output.
        size: Side of the kernel in voxels. Even sizes change the resolution and are initialized as
            torch's convolutions are; odd ones are initialized as SpUNet's.
    """

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.inputs, self.outputs, self.size = inputs, outputs, size
        self.weight = nn.Parameter(torch.empty(outputs, size, size, size, inputs))
        if size % 2:
            nn.init.trunc_normal_(self.weight, std=INIT_STD)
        else:
            bound = prod(self.weight.shape[1:]) ** -0.5
            nn.init.uniform_(self.weight, -bound, bound)

    def forward(
        self, x: Float[Tensor, "inputs c"], kernel_map: KernelMap, *, pure_torch: bool = False
    ) -> Float[Tensor, "outputs d"]:
        """Convolve rows of features.

        Args:
            x: Input rows.
            kernel_map: Pairs of input and output rows of each offset.
            pure_torch: Whether to avoid the compiled kernels.

        Returns:
            Output rows.
        """
        return convolve(x, self.weight, kernel_map, pure_torch=pure_torch)

    def extra_repr(self) -> str:
        """Return channels and size, for `print`.

        Returns:
            A short text.
        """
        return f"{self.inputs}, {self.outputs}, size={self.size}"


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, kernel_map: KernelMap, pure_torch: bool
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.kernel_map, ctx.pure_torch = kernel_map, pure_torch
        return _kernels(x, pure_torch).multiply(x, weight, kernel_map, False)

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grad_outputs: Tensor
    ) -> tuple[Tensor | None, Tensor | None, None, None]:
        if torch.is_grad_enabled():
            raise CapabilityError(
                "sparse convolutions have first derivatives only; leave out create_graph=True."
            )
        x, weight = ctx.saved_tensors
        grad, kernels = grad_outputs[0].contiguous(), _kernels(x, ctx.pure_torch)
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_x = kernels.multiply(grad, weight, ctx.kernel_map.transposed, True)
        if ctx.needs_input_grad[1]:
            grad_weight = kernels.weight_gradient(x, grad, ctx.kernel_map)
        return grad_x, grad_weight, None, None


def _kernels(x: Tensor, pure_torch: bool) -> Any:
    return (None if pure_torch else kernels_for(x)) or torch_kernels
