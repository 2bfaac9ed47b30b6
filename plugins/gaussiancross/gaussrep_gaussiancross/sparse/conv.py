"""The kernel of a sparse convolution, as a module."""

from math import prod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep_gaussiancross.sparse.convolve import convolve
from gaussrep_gaussiancross.sparse.pairs import Pairs

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
