"""Second stage: every tile learns which Gaussians it must draw, nearest first."""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, inline_jit_alloc, kernel
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.depth_sort import sort_by_depth
from gaussrep.rendering.cpu.ellipse import tiles_in_row
from gaussrep.rendering.cpu.layout import Bins, Grid, Splats


class Band(NamedTuple):
    """Some tile rows of an image."""

    image: int
    top: int
    bottom: int


class Found(NamedTuple):
    """The Gaussians whose boxes meet a band, in order of their numbers."""

    depths: np.ndarray
    """Bits of their depths, uint32."""
    numbers: np.ndarray
    """Their numbers, int32."""
    firsts: np.ndarray
    """Where the tile rows of each start among the spans, int32; one more at the end."""
    spans: np.ndarray
    """First tile met in a row, and the one after the last, int32 [·, 2]."""


def cut_bands(sizes: np.ndarray, bands: int) -> np.ndarray:
    """First rows of bands whose rows' sizes have like sums, and the end, int64 [I, bands + 1].

    Args:
        sizes: What each row of each image holds, [I, rows].
        bands: Number of bands of each image; where a row holds much, some are without rows.
    """
    sums = sizes.cumsum(axis=1)[:, None]
    goals = sums[..., -1:] * np.arange(1, bands)[:, None] // bands
    cuts = np.zeros((len(sizes), bands + 1), np.int64)
    cuts[:, 1:-1], cuts[:, -1] = (sums[..., :-1] <= goals).sum(axis=2), sizes.shape[1]
    return cuts


@kernel
def bin_tiles(
    tasks: Tasks,
    keys: np.ndarray,
    splats: Splats,
    grid: Grid,
    cuts: np.ndarray,
    room: np.ndarray,
    bins: Bins,
) -> None:
    """Sort and bin; one task is a band of tile rows of one image.

    Args:
        tasks: What this thread is to do.
        keys: The depths' bits, uint32 [I, N].
        splats: Projected Gaussians.
        grid: Size of the images.
        cuts: Where bands begin, see `cut_bands`.
        room: Where in `bins.members` a tile row may start to write, int64 [I, rows].
        bins: The lists, written here.
    """
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        image, number = divmod(task, cuts.shape[1] - 1)
        band = Band(image, int(cuts[image, number]), int(cuts[image, number + 1]))
        first = (image * grid.rows + band.top) * grid.columns
        last = (image * grid.rows + band.bottom) * grid.columns
        for tile in range(first, last):
            bins.ends[tile] = 0
        found = _find(keys, splats, grid, band, bins.ends)
        place = room[image, band.top]
        for tile in range(first, last):
            bins.starts[tile] = place
            place += bins.ends[tile]
            bins.ends[tile] = bins.starts[tile]
        _fill(found, bins)


@inline_jit
def _rows(boxes: np.ndarray, splat: int, band: Band) -> Any:
    """Tile rows in which a box meets a band: the first, and one after the last."""
    return max(band.top, np.int64(boxes[splat, 1])), min(band.bottom, np.int64(boxes[splat, 3]))


@inline_jit_alloc
def _find(keys: np.ndarray, splats: Splats, grid: Grid, band: Band, totals: np.ndarray) -> Found:
    """Find who meets a band and where; count how many each tile gets."""
    count = keys.shape[1]
    members = entries = 0
    for n in range(count):
        top, bottom = _rows(splats.boxes, band.image * count + n, band)
        members += bottom > top
        entries += max(0, bottom - top)
    depths, numbers = np.empty(members, np.uint32), np.empty(members, np.int32)
    firsts, spans = np.empty(members + 1, np.int32), np.empty((entries, 2), np.int32)
    member = entry = 0
    for n in range(count):
        splat = band.image * count + n
        top, bottom = _rows(splats.boxes, splat, band)
        if top >= bottom:
            continue
        depths[member], numbers[member], firsts[member] = keys[band.image, n], n, entry
        for row in range(top, bottom):
            left, right = tiles_in_row(splats, splat, row)
            start = (band.image * grid.rows + row) * grid.columns
            spans[entry, 0], spans[entry, 1] = start + left, start + right
            for tile in range(start + left, start + right):
                totals[tile] += 1
            entry += 1
        member += 1
    firsts[members] = entries
    return Found(depths, numbers, firsts, spans)


@inline_jit_alloc
def _fill(found: Found, bins: Bins) -> None:
    """Write the lists, nearest first; `bins.ends` move on from `bins.starts`."""
    for member in sort_by_depth(found.depths):
        n = found.numbers[member]
        for entry in range(found.firsts[member], found.firsts[member + 1]):
            for tile in range(found.spans[entry, 0], found.spans[entry, 1]):
                bins.members[bins.ends[tile]] = n
                bins.ends[tile] += 1
