"""The interface of sparse convolution backends, and the native backend."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.errors import ValueRangeError
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.kernel_map import (
    Downsampled,
    Grid,
    KernelMap,
    downsample,
    submanifold_map,
)
from gaussrep_gaussiancross.sparse.kernels import kernels_for


class SparseBackend(ABC):
    """Convolve on the levels of one batch; level 0 is the finest, each next one halves it.

    Every method computes `relu(norm(conv(x)) + residual)`, rows in the level's own order.
    """

    @abstractmethod
    def submanifold(
        self,
        x: Float[Tensor, "rows c"],
        conv: SparseConv,
        norm: nn.BatchNorm1d,
        level: int,
        residual: Float[Tensor, "rows d"] | None = None,
    ) -> Float[Tensor, "rows d"]:
        """Compute a submanifold convolution, whose outputs are at the inputs' voxels.

        Args:
            x: Features of the level.
            conv: A kernel of odd size.
            norm: The normalization that follows it.
            level: Number of the level.
            residual: Features to add before the ReLU.

        Returns:
            Features of the level.
        """

    @abstractmethod
    def downsample(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "fewer d"]:
        """Compute a convolution of size 2 and stride 2.

        Args:
            x: Features of the level.
            conv: A kernel of size 2.
            norm: The normalization that follows it.
            level: Number of the level.

        Returns:
            Features of the next coarser level.
        """

    @abstractmethod
    def upsample(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "more d"]:
        """Compute the inverse of `downsample`, whose outputs are at that one's input voxels.

        Args:
            x: Features of the level.
            conv: A kernel of size 2.
            norm: The normalization that follows it.
            level: Number of the level, at least 1.

        Returns:
            Features of the next finer level.
        """


class NativeBackend(SparseBackend):
    """Compute sparse convolutions with this package's kernels, on any device, with gradients.

    Kernel maps are built once per level.

    Args:
        grid: Occupied voxels of level 0.
        pure_torch: Whether to avoid the compiled kernels.
    """

    def __init__(self, grid: Grid, *, pure_torch: bool = False) -> None:
        self.pure_torch = pure_torch
        self._finest = grid
        self._downsampled: list[Downsampled] = []
        self._kernel_maps: dict[tuple[int, int], KernelMap] = {}

    def grid(self, level: int) -> Grid:
        """Return the occupied voxels of a level.

        Args:
            level: Number of the level.

        Returns:
            Its grid.
        """
        return self._finest if level == 0 else self.downsampled(level - 1).grid

    def downsampled(self, level: int) -> Downsampled:
        """Return the next coarser level, and the kernel map to it.

        Args:
            level: Number of the finer level.

        Returns:
            Grid and kernel map.
        """
        while len(self._downsampled) <= level:
            self._downsampled.append(downsample(self.grid(len(self._downsampled))))
        return self._downsampled[level]

    def join_levels(
        self, features: Sequence[Float[Tensor, "_ _"]]
    ) -> Float[Tensor, "finest widths"]:
        """Join the features of every voxel and of the coarser voxels that hold it.

        Args:
            features: Features of each level, the finest first.

        Returns:
            One row per voxel of the finest level.
        """
        joined = features[-1]
        for level in reversed(range(len(features) - 1)):
            joined = torch.cat([features[level], joined[self.downsampled(level).parents]], 1)
        return joined

    def kernel_map(self, level: int, size: int) -> KernelMap:
        """Return the kernel map of submanifold convolutions.

        Args:
            level: Number of the level.
            size: Side of the kernel in voxels.

        Returns:
            The kernel map.
        """
        if (level, size) not in self._kernel_maps:
            found = submanifold_map(self.grid(level), size, pure_torch=self.pure_torch)
            self._kernel_maps[level, size] = found
        return self._kernel_maps[level, size]

    def submanifold(
        self,
        x: Float[Tensor, "rows c"],
        conv: SparseConv,
        norm: nn.BatchNorm1d,
        level: int,
        residual: Float[Tensor, "rows d"] | None = None,
    ) -> Float[Tensor, "rows d"]:
        """See `SparseBackend.submanifold`."""
        kernel_map = self.kernel_map(level, conv.size)
        return convolve_with_epilogue(
            x, conv, norm, kernel_map, residual, pure_torch=self.pure_torch
        )

    def downsample(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "fewer d"]:
        """See `SparseBackend.downsample`."""
        kernel_map = self.downsampled(level).kernel_map
        return convolve_with_epilogue(x, conv, norm, kernel_map, pure_torch=self.pure_torch)

    def upsample(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "more d"]:
        """See `SparseBackend.upsample`."""
        kernel_map = self.downsampled(level - 1).kernel_map.transposed
        return convolve_with_epilogue(x, conv, norm, kernel_map, pure_torch=self.pure_torch)


def convolve_with_epilogue(
    x: Float[Tensor, "inputs c"],
    conv: SparseConv,
    norm: nn.BatchNorm1d,
    kernel_map: KernelMap,
    residual: Float[Tensor, "outputs d"] | None = None,
    *,
    pure_torch: bool = False,
) -> Float[Tensor, "outputs d"]:
    """Compute `relu(norm(conv(x)) + residual)`, in one pass over memory if possible.

    The compiled kernels fuse the epilogue if no gradient is needed and the normalization is in
    evaluation mode.

    Args:
        x: Input rows.
        conv: The kernel.
        norm: The normalization that follows it.
        kernel_map: Pairs of input and output rows of each offset.
        residual: Rows to add to the output rows.
        pure_torch: Whether to avoid the compiled kernels.

    Returns:
        Output rows.
    """
    unfused = pure_torch or norm.training or torch.is_grad_enabled()
    kernels = None if unfused else kernels_for(x)
    if kernels is None:
        return epilogue(conv(x, kernel_map, pure_torch=pure_torch), norm, residual)
    scale, shift = fold_batch_norm(norm)
    weight = conv.weight.flatten(1, 3)
    return kernels.multiply_with_epilogue(x, weight, kernel_map, scale, shift, residual)


def epilogue(
    x: Float[Tensor, "rows d"], norm: nn.BatchNorm1d, residual: Float[Tensor, "rows d"] | None
) -> Float[Tensor, "rows d"]:
    """Compute `relu(norm(x) + residual)`.

    Args:
        x: Rows.
        norm: Normalization of columns.
        residual: Rows to add.

    Returns:
        Rows, >= 0.

    Raises:
        ValueRangeError: In training mode, if there is a single row, in all processes together.
    """
    try:
        x = norm(x)
    except ValueError as error:  # torch's, of one value per channel
        raise ValueRangeError(
            "a single voxel is left at the coarsest resolution, which batch normalization cannot "
            "learn from; use larger scenes, a smaller voxel, or a backbone of fewer levels."
        ) from error
    return torch.relu(x if residual is None else x + residual)


def fold_batch_norm(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """Express a normalization in evaluation mode as a scale and a shift.

    Args:
        norm: The normalization, with running statistics.

    Returns:
        Scale and shift of each column.
    """
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale
