"""Compare what feature channels add to a call of the renderer `cpu` with torch's matrix product.

python benchmarks/feature_rate.py OUT.json [WORKLOAD ...]
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import process_time
from typing import Any

import numpy as np
import torch

from gaussrep.kernels import NONE, Tasks, claim, kernel, launch
from gaussrep.kernels.simd import WIDTH
from gaussrep.rendering.cpu import composite, op
from gaussrep.rendering.cpu.layout import CELL_HEIGHT, CELLS, PIXELS, RECORD_SIZE, TILE, Bins, Grid
from gaussrep.rendering.cpu.stages import RasterState
from gaussrep.rendering.cpu.tile import (
    CHUNK,
    allocate_places,
    cells_inside,
    copy_constants,
    find_cells,
    open_cells,
)
from harness.scenes import make_scene
from harness.timing import one_call
from harness.workloads import Workload
from workload_command import main

NAMES = ("channels-64", "channels-384")
PASSES = {"forward": False, "forward+backward": True}
PRODUCTS = {"forward": 1, "forward+backward": 3}
TURNS = 7
SIZE = 1024
DEFINITION = (
    f"With one thread, processor time. added_ms: of a call with features less that of a call "
    f"without, the shortest of {TURNS} by turns, with all that features need: reading, writing and "
    "padding, too. multiply_adds: pairs of a pixel and a Gaussian that are composited, of whole "
    "cells, times channels of features, once forward and twice backward. mm: multiply-adds per "
    f"second of torch.mm of float32 matrices of {SIZE} rows and columns, in the same turns. ratio: "
    "multiply_adds per second of added_ms, over mm."
)


def examine(workload: Workload) -> dict[str, Any]:
    torch.set_num_threads(1)
    scene, plain = make_scene(workload), make_scene(replace(workload, channels=3))
    pairs = count_pairs(one_call(plain, "cpu", backward=False))
    result: dict[str, Any] = {"workload": workload.name, "pairs": pairs}
    for name, backward in PASSES.items():
        calls = {
            "with": one_call(scene, "cpu", backward=backward),
            "without": one_call(plain, "cpu", backward=backward),
            "mm": multiply,
        }
        times = shortest(calls)
        added = times["with"] - times["without"]
        done = PRODUCTS[name] * pairs * (workload.channels - 3)
        mm = SIZE**3 / times["mm"]
        result[name] = {
            "added_ms": round(1e3 * added, 3),
            "multiply_adds": done,
            "mm": round(mm),
            "ratio": round(done / added / mm, 3),
        }
    return result


def shortest(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Time calls by turns; seconds of processor time."""
    times = dict.fromkeys(calls, np.inf)
    for turn in range(TURNS + 1):
        for name, call in calls.items():
            start = process_time()
            call()
            taken = process_time() - start
            if turn:
                times[name] = min(times[name], taken)
    return times


_factors = torch.rand(2, SIZE, SIZE)


def multiply() -> None:
    """Multiply two matrices."""
    torch.mm(*_factors)


def count_pairs(call: Callable[[], object]) -> int:
    """Count the pixels of the cells to which Gaussians are composited."""
    states, composite_tiles = list[RasterState](), op.composite_tiles

    def keep(state: RasterState, *arguments: Any) -> None:
        states.append(state)
        composite_tiles(state, *arguments)

    op.composite_tiles = keep
    try:
        call()
    finally:
        op.composite_tiles = composite_tiles
    state = states[0]
    counts = np.zeros(len(state.bins.starts), np.int64)
    images = len(state.splats.depths)
    launch(count_cells, len(counts), state.splats.records, images, state.grid, state.bins, counts)
    return int(counts.sum()) * WIDTH


@kernel
def count_cells(
    tasks: Tasks, records: np.ndarray, images: int, grid: Grid, bins: Bins, counts: np.ndarray
) -> None:
    """Composite tiles as the renderer does, and count the cells of all Gaussians."""
    count = len(records) // (RECORD_SIZE * images)
    workspace = composite.TileWorkspace(
        np.empty(composite.PLANES * PIXELS, np.float32),
        allocate_places(),
        np.empty(CHUNK, np.int64),
        copy_constants(),
        np.empty(0, np.float32),
    )
    while True:
        tile = claim(tasks)
        if tile == NONE:
            return
        image, place = divmod(tile, grid.columns * grid.rows)
        x, y = place % grid.columns * TILE, place // grid.columns * TILE
        composite._clear(workspace.state, grid.width - x, grid.height - y)
        cells = cells_inside(grid.width - x, grid.height - y)
        for start in range(bins.starts[tile], bins.ends[tile], CHUNK):
            members = bins.members[start : min(bins.ends[tile], start + CHUNK)]
            find_cells(members, records, image * count, x, y, cells, workspace.touched)
            composite._composite_chunk(
                members, records, image * count, x, y, cells, workspace, None, 0, None, 0
            )
            for k in range(len(members)):
                for cell in range(CELLS):
                    counts[tile] += workspace.touched[k] >> cell * CELL_HEIGHT & 1
            cells = open_cells(workspace.state, composite.PLANES)


if __name__ == "__main__":
    main(lambda: examine, NAMES, {"feature_rate": DEFINITION})
