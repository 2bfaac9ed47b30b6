"""From tensors to kernels; offers what `plain` does."""

from itertools import accumulate, product

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.kernels import WIDTH, launch
from gaussrep_gaussiancross.sparse.kernel_map import Grid, Pairs
from gaussrep_gaussiancross.sparse.kernels.convolve import compute_rows, pack
from gaussrep_gaussiancross.sparse.kernels.neighbors import count_neighbors, list_neighbors
from gaussrep_gaussiancross.sparse.kernels.outer_products import sum_outer_products
from gaussrep_gaussiancross.sparse.kernels.tile import panels

BLOCKS = 16
"""Blocks into which few output rows are divided, so that every thread has some."""
SHORTEST, LONGEST = 64, 512
"""Rows of a block: enough to use a matrix well, few enough to stay in the second cache."""
GROUP = 2
"""Panels of input columns that one task of the weight's gradient takes."""


def multiply(
    x: Float[Tensor, "rows columns"], weight: Float[Tensor, "d k c"], pairs: Pairs, transposed: bool
) -> Float[Tensor, "found columns_out"]:
    """See `plain.multiply`."""
    begin = np.zeros(weight.shape[2 if transposed else 0], np.float32)
    scale = np.ones(len(weight), np.float32)
    return _multiply(x, weight, pairs, transposed, scale, begin, _NOTHING, False)


def multiply_and_finish(
    x: Float[Tensor, "inputs c"],
    weight: Float[Tensor, "d k c"],
    pairs: Pairs,
    scale: Float[Tensor, " d"],
    shift: Float[Tensor, " d"],
    added: Float[Tensor, "outputs d"] | None,
) -> Float[Tensor, "outputs d"]:
    """Convolve, scale and shift the columns, add, and cut off below 0, in one pass over memory.

    Args:
        x: Input rows.
        weight: One matrix per offset.
        pairs: Who meets whom.
        scale: Factor of each column.
        shift: What is added to each column.
        added: What is added to each row.

    Returns:
        Output rows, >= 0.
    """
    rows = _NOTHING if added is None else _array(added)
    return _multiply(x, weight, pairs, False, _array(scale), _array(shift), rows, True)


def _multiply(
    x: Tensor,
    weight: Tensor,
    pairs: Pairs,
    transposed: bool,
    scale: np.ndarray,
    shift: np.ndarray,
    added: np.ndarray,
    cut: bool,
) -> Tensor:
    columns, sides, rows = len(shift), panels(len(shift)), pairs.output_count
    padded, terms = int(sides[-1]) * WIDTH, x.shape[1]
    make = np.empty if padded == columns else np.zeros
    packed = make(pairs.offsets * terms * padded, np.float32)
    tasks = -(-len(weight) // WIDTH)
    launch(pack, tasks, _array(weight), scale, transposed, sides, packed)
    block = min(max(-(-rows // BLOCKS), SHORTEST), LONGEST)
    blocks = -(-rows // block)
    out = torch.empty(rows + blocks, padded)
    finish = (np.pad(shift, (0, padded - columns)), added, cut)
    launch(
        compute_rows,
        blocks * (len(sides) - 1),
        _array(x).reshape(-1),
        packed,
        _table(pairs),
        sides,
        (rows, block, terms),
        finish,
        out.numpy(),
    )
    return out[:rows, :columns].contiguous()


def weight_gradient(
    x: Float[Tensor, "inputs c"], slope: Float[Tensor, "outputs d"], pairs: Pairs
) -> Float[Tensor, "d k c"]:
    """See `plain.weight_gradient`."""
    gradient = torch.empty(slope.shape[1], pairs.offsets, x.shape[1])
    sides = panels(x.shape[1])
    groups = -(-(len(sides) - 1) // GROUP)
    tasks = pairs.offsets * groups
    arrays = _array(x), _array(slope), _table(pairs), sides, GROUP, gradient.numpy()
    launch(sum_outer_products, tasks, *arrays)
    return gradient


def submanifold_pairs(grid: Grid, reach: int) -> Pairs:
    """See `submanifold.submanifold_pairs`.

    Args:
        grid: Occupied voxels.
        reach: Cells on either side of the middle.

    Returns:
        The table.
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
    return Pairs(*rows, starts, grid.count, grid.count)


_NOTHING = np.empty((0, 0), np.float32)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


def _table(pairs: Pairs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _array(pairs.inputs), _array(pairs.outputs), np.array(pairs.starts)
