"""Interface of sparse convolution backends, and the native one."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.errors import ValueRangeError
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.kernel_map import Grid, Halved, Pairs, halve, submanifold_pairs
from gaussrep_gaussiancross.sparse.kernels import kernels_for


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


class SparseSpace(ABC):
    """The levels of one batch of scenes; level 0 is the finest, and each halves the resolution.

    Every method gives `relu(norm(conv(x)) + added)`, rows in the level's own order.
    """

    @abstractmethod
    def same(
        self,
        x: Float[Tensor, "rows c"],
        conv: SparseConv,
        norm: nn.BatchNorm1d,
        level: int,
        added: Float[Tensor, "rows d"] | None = None,
    ) -> Float[Tensor, "rows d"]:
        """Submanifold convolution: outputs lie where inputs lie.

        Args:
            x: Features of the level.
            conv: A kernel of odd size.
            norm: What follows it.
            level: Number of the level.
            added: What is added before the ReLU.

        Returns:
            Features of the level.
        """

    @abstractmethod
    def down(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "fewer d"]:
        """Convolution of size 2 and stride 2.

        Args:
            x: Features of the level.
            conv: A kernel of size 2.
            norm: What follows it.
            level: Number of the level.

        Returns:
            Features of the next level.
        """

    @abstractmethod
    def up(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "more d"]:
        """The inverse of `down`: outputs lie where that one's inputs lay.

        Args:
            x: Features of the level.
            conv: A kernel of size 2.
            norm: What follows it.
            level: Number of the level, at least 1.

        Returns:
            Features of the level before.
        """


class OwnSpace(SparseSpace):
    """See `SparseSpace`; any device, with gradients.

    Args:
        grid: Occupied voxels of level 0.
        plain: Whether to do without Numba.
    """

    def __init__(self, grid: Grid, *, plain: bool = False) -> None:
        self.plain = plain
        self._finest = grid
        self._halved: list[Halved] = []
        self._pairs: dict[tuple[int, int], Pairs] = {}

    def grid(self, level: int) -> Grid:
        """Occupied voxels of a level."""
        return self._finest if level == 0 else self.halved(level - 1).grid

    def halved(self, level: int) -> Halved:
        """The level that follows one, and the table between them."""
        while len(self._halved) <= level:
            self._halved.append(halve(self.grid(len(self._halved))))
        return self._halved[level]

    def pairs(self, level: int, size: int) -> Pairs:
        """Table of submanifold kernels of a size."""
        if (level, size) not in self._pairs:
            table = submanifold_pairs(self.grid(level), size, plain=self.plain)
            self._pairs[level, size] = table
        return self._pairs[level, size]

    def same(
        self,
        x: Float[Tensor, "rows c"],
        conv: SparseConv,
        norm: nn.BatchNorm1d,
        level: int,
        added: Float[Tensor, "rows d"] | None = None,
    ) -> Float[Tensor, "rows d"]:
        """See `SparseSpace.same`."""
        pairs = self.pairs(level, conv.size)
        return convolve_and_finish(x, conv, norm, pairs, added, plain=self.plain)

    def down(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "fewer d"]:
        """See `SparseSpace.down`."""
        return convolve_and_finish(x, conv, norm, self.halved(level).pairs, plain=self.plain)

    def up(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "more d"]:
        """See `SparseSpace.up`."""
        pairs = self.halved(level - 1).pairs.swapped
        return convolve_and_finish(x, conv, norm, pairs, plain=self.plain)
