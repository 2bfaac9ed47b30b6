"""Binning: lists of the Gaussians that overlap each tile, nearest first."""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, inline_jit_alloc, kernel
from gaussrep.kernels.simd import maximum, minimum, prefetch
from gaussrep.kernels.simd.memory import allocate
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.ellipse import load_box, tiles_in_row
from gaussrep.rendering.cpu.layout import RECORD_SIZE, Bins, Grid, Splats

AHEAD = 16
"""Records that are requested from memory before they are needed."""


class Band(NamedTuple):
    """A range of tile rows of an image."""

    image: int
    top: Any
    bottom: Any


def split_bands(sizes: np.ndarray, bands: int) -> np.ndarray:
    """Divide the tile rows of every image into bands with similar numbers of tile entries.

    Args:
        sizes: Number of entries of each tile row, [I, rows].
        bands: Number of bands of each image; some are empty if a single row has many entries.

    Returns:
        First row of each band, and the end, int64 [I, bands + 1].
    """
    cuts = np.zeros((len(sizes), bands + 1), np.int64)
    cuts[:, -1] = sizes.shape[1]
    if bands > 1:
        sums = sizes.cumsum(axis=1)[:, None]
        goals = sums[..., -1:] * np.arange(1, bands)[:, None] // bands
        cuts[:, 1:-1] = (sums[..., :-1] <= goals).sum(axis=2)
    return cuts


@kernel
def bin_tiles(
    tasks: Tasks,
    keys: np.ndarray,
    splats: Splats,
    grid: Grid,
    cuts: np.ndarray,
    write_offsets: np.ndarray,
    bins: Bins,
) -> None:
    """Sort and bin; one task is a band of tile rows of one image.

    Args:
        tasks: Bands of images.
        keys: Bits of the depths, uint32 [I, N].
        splats: Projected Gaussians.
        grid: Size of the images.
        cuts: Result of `split_bands`.
        write_offsets: First entry of each tile row in `bins.members`, int64 [I, rows].
        bins: Output.
    """
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        image, number = divmod(task, cuts.shape[1] - 1)
        band = Band(image, cuts[image, number], cuts[image, number + 1])
        place = write_offsets[image, band.top]
        _find_starts(splats.boxes, image * keys.shape[1], keys.shape[1], grid, band, place, bins)
        _write_lists(keys, splats, grid, band, bins)


@inline_jit
def _rows(boxes: np.ndarray, splat: int, band: Band) -> Any:
    """First and end tile row in which a box overlaps a band."""
    top, bottom = np.int64(boxes[splat, 1]), np.int64(boxes[splat, 3])
    return maximum(band.top, top), minimum(band.bottom, bottom)


@inline_jit_alloc
def _find_starts(
    boxes: np.ndarray, base: int, count: int, grid: Grid, band: Band, place: int, bins: Bins
) -> None:
    """Find the first place of each tile's list, after as many as boxes overlap the tiles before.

    The number of boxes over a tile is the sum of all changes above and left of it. Each box makes
    four: at the tiles where it begins and ends.
    """
    columns = grid.columns + 1
    changes = allocate((band.bottom - band.top + 1) * columns, np.int32)
    for at in range(len(changes)):
        changes[at] = 0
    for splat in range(base, base + count):
        top, bottom = _rows(boxes, splat, band)
        if top < bottom:
            above, below = (top - band.top) * columns, (bottom - band.top) * columns
            left, right = np.int64(boxes[splat, 0]), np.int64(boxes[splat, 2])
            changes[above + left] += 1
            changes[above + right] -= 1
            changes[below + left] -= 1
            changes[below + right] += 1
    tile = (band.image * grid.rows + band.top) * grid.columns
    for row in range(band.bottom - band.top):
        along = np.int32(0)
        for column in range(grid.columns):
            at = row * columns + column
            along += changes[at]
            overlapping = along
            if row:
                overlapping += changes[at - columns]
            changes[at] = overlapping
            bins.starts[tile] = bins.ends[tile] = place
            place += overlapping
            tile += 1


@inline_jit_alloc
def _write_lists(keys: np.ndarray, splats: Splats, grid: Grid, band: Band, bins: Bins) -> None:
    """Write the lists, nearest first; `bins.ends` advance from `bins.starts`."""
    base = band.image * keys.shape[1]
    members = _sort_members(keys, splats.boxes, band)
    for i in range(len(members)):
        ahead = members[minimum(i + AHEAD, len(members) - 1)]
        prefetch(splats.records, (base + ahead) * RECORD_SIZE)
        n = members[i]
        ellipse = load_box(splats, base + n)
        for row in range(maximum(band.top, ellipse.top), minimum(band.bottom, ellipse.bottom)):
            left, right = tiles_in_row(ellipse, row)
            start = (band.image * grid.rows + row) * grid.columns
            for tile in range(start + left, start + right):
                end = bins.ends[tile]
                bins.members[end] = n
                bins.ends[tile] = end + 1


@inline_jit_alloc
def _sort_members(keys: np.ndarray, boxes: np.ndarray, band: Band) -> np.ndarray:
    """List the Gaussians whose boxes overlap a band, nearest first."""
    count = keys.shape[1]
    indices, depths = allocate(count, np.int32), allocate(count, np.uint32)
    members = 0
    for n in range(count):
        top, bottom = _rows(boxes, band.image * count + n, band)
        indices[members], depths[members] = n, keys[band.image, n]
        members += top < bottom
    return sort_by_depth(depths[:members], indices[:members])


DIGIT = 12
BUCKETS = 1 << DIGIT


@inline_jit_alloc
def sort_by_depth(keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sort values by their keys, by a stable radix sort.

    Depths between 1 and 8, or any with as little between the first and the last, take two passes.

    Args:
        keys: Bits of float32 depths > 0, which sort like the depths, uint32; overwritten.
        values: int32, overwritten.

    Returns:
        The values in ascending order of their keys.
    """
    count = len(keys)
    first, last = np.uint32(0xFFFFFFFF), np.uint32(0)
    for i in range(count):
        first, last = minimum(first, keys[i]), maximum(last, keys[i])
    for i in range(count):
        keys[i] -= first
    other_keys, other_values = allocate(count, np.uint32), allocate(count, np.int32)
    places = allocate(BUCKETS, np.int32)
    for shift in range(0, 32, DIGIT):
        if count == 0 or (last - first) >> shift == 0:
            break
        _find_places(keys, shift, places)
        for i in range(count):
            bucket = (keys[i] >> shift) & (BUCKETS - 1)
            place = places[bucket]
            places[bucket] = place + 1
            other_keys[place], other_values[place] = keys[i], values[i]
        keys, other_keys = other_keys, keys
        values, other_values = other_values, values
    return values


@inline_jit
def _find_places(keys: np.ndarray, shift: int, places: np.ndarray) -> None:
    """Write the place of the first key of each bucket."""
    for bucket in range(BUCKETS):
        places[bucket] = 0
    for key in keys:
        places[(key >> shift) & (BUCKETS - 1)] += 1
    total = 0
    for bucket in range(BUCKETS):
        total, places[bucket] = total + places[bucket], total
