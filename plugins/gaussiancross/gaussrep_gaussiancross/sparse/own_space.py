"""Sparse convolutions by this package: index tables that are built once per level."""

from jaxtyping import Float
from torch import Tensor, nn

from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.finish import convolve_and_finish
from gaussrep_gaussiancross.sparse.grid import Grid
from gaussrep_gaussiancross.sparse.halve import Halved, halve
from gaussrep_gaussiancross.sparse.pairs import Pairs
from gaussrep_gaussiancross.sparse.space import SparseSpace
from gaussrep_gaussiancross.sparse.submanifold import submanifold_pairs


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
