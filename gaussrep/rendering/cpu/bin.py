"""Binning: lists of the Gaussians that overlap each tile, nearest first."""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, inline_jit_alloc, kernel
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.ellipse import tiles_in_row
from gaussrep.rendering.cpu.layout import Bins, Grid, Splats


class Band(NamedTuple):
    """A range of tile rows of an image."""

    image: int
    top: int
    bottom: int


class BandEntries(NamedTuple):
    """The Gaussians whose boxes overlap a band, in order of their indices."""

    depths: np.ndarray
    """Bits of their depths, uint32 [K]."""
    indices: np.ndarray
    """Their indices, int32 [K]."""
    span_starts: np.ndarray
    """First span of each, int32 [K + 1]; the last entry is the number of spans."""
    spans: np.ndarray
    """First and end tile of each Gaussian in each row of its box, int32 [·, 2]."""


def split_bands(sizes: np.ndarray, bands: int) -> np.ndarray:
    """Divide the tile rows of every image into bands with similar numbers of tile entries.

    Args:
        sizes: Number of entries of each tile row, [I, rows].
        bands: Number of bands of each image; some are empty if a single row has many entries.

    Returns:
        First row of each band, and the end, int64 [I, bands + 1].
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
        band = Band(image, int(cuts[image, number]), int(cuts[image, number + 1]))
        first = (image * grid.rows + band.top) * grid.columns
        last = (image * grid.rows + band.bottom) * grid.columns
        for tile in range(first, last):
            bins.ends[tile] = 0
        entries = _collect_entries(keys, splats, grid, band, bins.ends)
        place = write_offsets[image, band.top]
        for tile in range(first, last):
            bins.starts[tile] = place
            place += bins.ends[tile]
            bins.ends[tile] = bins.starts[tile]
        _write_lists(entries, bins)


@inline_jit
def _rows(boxes: np.ndarray, splat: int, band: Band) -> Any:
    """First and end tile row in which a box overlaps a band."""
    return max(band.top, np.int64(boxes[splat, 1])), min(band.bottom, np.int64(boxes[splat, 3]))


@inline_jit_alloc
def _collect_entries(
    keys: np.ndarray, splats: Splats, grid: Grid, band: Band, totals: np.ndarray
) -> BandEntries:
    """Collect the Gaussians that overlap a band of tiles and count the entries of each tile."""
    count = keys.shape[1]
    members = span_count = 0
    for n in range(count):
        top, bottom = _rows(splats.boxes, band.image * count + n, band)
        members += bottom > top
        span_count += max(0, bottom - top)
    depths, indices = np.empty(members, np.uint32), np.empty(members, np.int32)
    span_starts, spans = np.empty(members + 1, np.int32), np.empty((span_count, 2), np.int32)
    member = entry = 0
    for n in range(count):
        splat = band.image * count + n
        top, bottom = _rows(splats.boxes, splat, band)
        if top >= bottom:
            continue
        depths[member], indices[member], span_starts[member] = keys[band.image, n], n, entry
        for row in range(top, bottom):
            left, right = tiles_in_row(splats, splat, row)
            start = (band.image * grid.rows + row) * grid.columns
            spans[entry, 0], spans[entry, 1] = start + left, start + right
            for tile in range(start + left, start + right):
                totals[tile] += 1
            entry += 1
        member += 1
    span_starts[members] = span_count
    return BandEntries(depths, indices, span_starts, spans)


@inline_jit_alloc
def _write_lists(entries: BandEntries, bins: Bins) -> None:
    """Write the lists, nearest first; `bins.ends` advance from `bins.starts`."""
    for member in sort_by_depth(entries.depths):
        n = entries.indices[member]
        for entry in range(entries.span_starts[member], entries.span_starts[member + 1]):
            for tile in range(entries.spans[entry, 0], entries.spans[entry, 1]):
                bins.members[bins.ends[tile]] = n
                bins.ends[tile] += 1


DIGIT = 12
BUCKETS = 1 << DIGIT


@inline_jit_alloc
def sort_by_depth(keys: np.ndarray) -> np.ndarray:
    """Sort keys by a stable radix sort.

    Depths between 1 and 8, or any with as little between the first and the last, take two passes.

    Args:
        keys: Bits of float32 depths > 0, which sort like the depths, uint32; overwritten.

    Returns:
        Indices of the keys in ascending order, int32.
    """
    count = len(keys)
    values, other_values = np.empty(count, np.int32), np.empty(count, np.int32)
    first, last = np.uint32(0xFFFFFFFF), np.uint32(0)
    for i in range(count):
        values[i] = i
        first, last = min(first, keys[i]), max(last, keys[i])
    for i in range(count):
        keys[i] -= first
    other_keys = np.empty(count, np.uint32)
    places = np.empty(BUCKETS, np.int32)
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
