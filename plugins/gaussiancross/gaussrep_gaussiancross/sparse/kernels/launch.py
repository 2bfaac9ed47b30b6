"""Launch the compiled kernels on tensors; the functions are those of `pure_torch`."""

from itertools import accumulate, product

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.kernels import launch
from gaussrep.kernels.simd import WIDTH
from gaussrep_gaussiancross.sparse.kernel_map import Grid, KernelMap
from gaussrep_gaussiancross.sparse.kernels.convolve import compute_rows, pack
from gaussrep_gaussiancross.sparse.kernels.neighbors import count_neighbors, list_neighbors
from gaussrep_gaussiancross.sparse.kernels.outer_products import sum_outer_products
from gaussrep_gaussiancross.sparse.kernels.tile import panels

BLOCKS = 16
"""Number of blocks that few output rows are divided into, so that every thread gets some."""
MIN_BLOCK, MAX_BLOCK = 64, 512
"""Rows of a block: enough to reuse a matrix, few enough to stay in the L2 cache."""
GROUP = 2
"""Panels of input columns per task of the weight gradient."""


def multiply(
    x: Float[Tensor, "rows columns"],
    weight: Float[Tensor, "d k c"],
    kernel_map: KernelMap,
    transposed: bool,
) -> Float[Tensor, "rows_out columns_out"]:
    """See `pure_torch.multiply`."""
    shift = np.zeros(weight.shape[2 if transposed else 0], np.float32)
    scale = np.ones(len(weight), np.float32)
    return _multiply(x, weight, kernel_map, transposed, scale, shift, _EMPTY, False)


def multiply_with_epilogue(
    x: Float[Tensor, "inputs c"],
    weight: Float[Tensor, "d k c"],
    kernel_map: KernelMap,
    scale: Float[Tensor, " d"],
    shift: Float[Tensor, " d"],
    residual: Float[Tensor, "outputs d"] | None,
) -> Float[Tensor, "outputs d"]:
    """Convolve, scale and shift the columns, add a residual and apply ReLU in one pass over memory.

    Args:
        x: Input rows.
        weight: One matrix per offset.
        kernel_map: Pairs of input and output rows of each offset.
        scale: Factor of each column.
        shift: Summand of each column.
        residual: Rows to add to the output rows.

    Returns:
        Output rows, >= 0.
    """
    rows = _EMPTY if residual is None else _array(residual)
    return _multiply(x, weight, kernel_map, False, _array(scale), _array(shift), rows, True)


def _multiply(
    x: Tensor,
    weight: Tensor,
    kernel_map: KernelMap,
    transposed: bool,
    scale: np.ndarray,
    shift: np.ndarray,
    residual: np.ndarray,
    relu: bool,
) -> Tensor:
    columns, bounds, rows = len(shift), panels(len(shift)), kernel_map.output_count
    padded, terms = int(bounds[-1]) * WIDTH, x.shape[1]
    allocate = np.empty if padded == columns else np.zeros
    packed = allocate(kernel_map.offsets * terms * padded, np.float32)
    tasks = -(-len(weight) // WIDTH)
    launch(pack, tasks, _array(weight), scale, transposed, bounds, packed)
    block = min(max(-(-rows // BLOCKS), MIN_BLOCK), MAX_BLOCK)
    blocks = -(-rows // block)
    out = torch.empty(rows + blocks, padded)
    epilogue = (np.pad(shift, (0, padded - columns)), residual, relu)
    launch(
        compute_rows,
        blocks * (len(bounds) - 1),
        _array(x).reshape(-1),
        packed,
        _table(kernel_map),
        bounds,
        (rows, block, terms),
        epilogue,
        out.numpy(),
    )
    return out[:rows, :columns].contiguous()


def weight_gradient(
    x: Float[Tensor, "inputs c"], grad_output: Float[Tensor, "outputs d"], kernel_map: KernelMap
) -> Float[Tensor, "d k c"]:
    """See `pure_torch.weight_gradient`."""
    gradient = torch.empty(grad_output.shape[1], kernel_map.offsets, x.shape[1])
    bounds = panels(x.shape[1])
    groups = -(-(len(bounds) - 1) // GROUP)
    tasks = kernel_map.offsets * groups
    arrays = _array(x), _array(grad_output), _table(kernel_map), bounds, GROUP, gradient.numpy()
    launch(sum_outer_products, tasks, *arrays)
    return gradient


def submanifold_map(grid: Grid, reach: int) -> KernelMap:
    """See `kernel_map.submanifold_map`.

    Args:
        grid: Occupied voxels.
        reach: Cells on either side of the center.

    Returns:
        The kernel map.
    """
    size = 2 * reach + 1
    columns = list(product(range(-reach, reach + 1), repeat=2))[: size * size // 2 + 1]
    steps = np.array([grid.step(x, y, 0) for x, y in columns])
    keys = np.append(_array(grid.keys), np.iinfo(np.int64).max)
    half = np.zeros(size**3 // 2, np.int64)
    launch(count_neighbors, len(steps), keys, steps, reach, half)
    counts = [*half.tolist(), grid.count, *half[::-1].tolist()]
    starts = tuple(accumulate(counts, initial=0))
    inputs, outputs = (np.empty(starts[-1], np.int32) for _ in range(2))
    lists = np.array(starts), inputs, outputs
    launch(list_neighbors, len(steps), keys, steps, reach, *lists)
    middle = slice(starts[len(half)], starts[len(half) + 1])
    inputs[middle] = outputs[middle] = np.arange(grid.count)
    rows = torch.from_numpy(inputs), torch.from_numpy(outputs)
    return KernelMap(*rows, starts, grid.count, grid.count)


_EMPTY = np.empty((0, 0), np.float32)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


def _table(kernel_map: KernelMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _array(kernel_map.inputs), _array(kernel_map.outputs), np.array(kernel_map.starts)
