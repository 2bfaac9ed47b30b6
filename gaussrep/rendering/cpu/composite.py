"""Compositing of tiles, front to back."""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import (
    broadcast,
    fma,
    interleave,
    load,
    minimum,
    movemask,
    select,
    store,
    store_masked,
)
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.features import composite_features, write_features
from gaussrep.rendering.cpu.layout import (
    BLUE,
    DEPTH,
    GREEN,
    MAX_ALPHA,
    ONE,
    PIXELS,
    RED,
    TILE,
    TRANSMITTANCE_MIN,
    ZERO,
    Bins,
    Grid,
    ImageBuffers,
)
from gaussrep.rendering.cpu.tile import CHUNK, LOCAL_SIZE, gaussian_alpha, load_gaussians

TRANSMITTANCE, ALPHA, DEPTH_SUM, RED_SUM, GREEN_SUM, BLUE_SUM = (
    plane * PIXELS for plane in range(6)
)
"""Offsets in a tile's state: transmittance, sums of weights, of weighted depths and colors."""

STRIDE = 16
"""Gaussians between two checks whether a row is finished."""


class TileWorkspace(NamedTuple):
    """Working memory of a thread for one tile; it fits the caches."""

    state: np.ndarray
    """Planes of pixels, at the offsets above."""
    features: np.ndarray
    """A plane of pixels per feature channel."""
    local: np.ndarray
    """Gaussians of a chunk, see `load_gaussians`."""
    spans: np.ndarray
    """Rows of the tile that they overlap, see `load_gaussians`."""
    lists: np.ndarray
    """Gaussians that overlap each row, [TILE * CHUNK]."""
    lengths: np.ndarray
    """Number of them, [TILE]."""
    weights: np.ndarray
    """Their weights in the pixels of one row, [CHUNK * TILE]."""


@kernel
def composite(
    tasks: Tasks,
    records: np.ndarray,
    features: np.ndarray,
    background: np.ndarray,
    grid: Grid,
    bins: Bins,
    images: ImageBuffers,
) -> None:
    """Composite all tiles; one task is a tile of one image.

    Args:
        tasks: Tiles of images.
        records: Projected Gaussians, float32 [I * N * RECORD].
        features: Features, float32 [S, N, C].
        background: RGB behind the Gaussians, float32 [I, 3].
        grid: Size of the images.
        bins: Gaussians of each tile.
        images: Output.
    """
    scenes, count, channels = features.shape
    views = len(background) // max(1, scenes)
    workspace = TileWorkspace(
        np.empty(6 * PIXELS, np.float32),
        np.empty(channels * PIXELS, np.float32),
        np.empty(CHUNK * LOCAL_SIZE, np.float32),
        np.empty((CHUNK, 2), np.int64),
        np.empty(TILE * CHUNK, np.int64),
        np.empty(TILE, np.int64),
        np.empty(CHUNK * TILE, np.float32),
    )
    while True:
        tile = claim(tasks)
        if tile == NONE:
            return
        image, place = divmod(tile, grid.columns * grid.rows)
        x, y = place % grid.columns * TILE, place // grid.columns * TILE
        _clear(workspace, grid.width - x)
        start, end = bins.starts[tile], bins.ends[tile]
        unfinished = True
        while start < end and unfinished:
            taken = min(end - start, CHUNK)
            members = bins.members[start : start + taken]
            load_gaussians(
                members, records, image * count, x, y, grid.height, workspace.local, workspace.spans
            )
            unfinished = _composite_chunk(members, features, image // views, workspace)
            start += taken
        _write_tile(image, x, y, workspace.state, background, grid, images)
        write_features(image, x, y, workspace.features, images.features)


@inline_jit
def _clear(workspace: TileWorkspace, width: int) -> None:
    """Reset a tile: transmittance 1, but 0 beyond the image's right edge, and all sums 0."""
    for at in range(0, len(workspace.state), TILE):
        store(workspace.state, at, broadcast(ZERO))
    for at in range(0, len(workspace.features), TILE):
        store(workspace.features, at, broadcast(ZERO))
    for row in range(TILE):
        store_masked(workspace.state, TRANSMITTANCE + row * TILE, broadcast(ONE), width)


@inline_jit
def _composite_chunk(
    members: np.ndarray, features: np.ndarray, scene: int, workspace: TileWorkspace
) -> bool:
    """Composite a chunk of Gaussians; return whether any pixel is unfinished."""
    for row in range(TILE):
        workspace.lengths[row] = 0
    for k in range(len(members)):
        for row in range(workspace.spans[k, 0], workspace.spans[k, 1]):
            workspace.lists[row * CHUNK + workspace.lengths[row]] = k
            workspace.lengths[row] += 1
    unfinished = False
    for row in range(TILE):
        done = _composite_row(row, workspace)
        if len(workspace.features):
            touching = workspace.lists[row * CHUNK : row * CHUNK + done]
            composite_features(
                row, touching, members, features, scene, workspace.weights, workspace.features
            )
        unfinished |= movemask(load(workspace.state, TRANSMITTANCE + row * TILE) > ZERO) != 0
    return unfinished


@inline_jit
def _composite_row(row: int, workspace: TileWorkspace) -> int:
    """Composite Gaussians over one row of pixels; return how many until all pixels finished."""
    at, count, local = row * TILE, workspace.lengths[row], workspace.local
    transmittance, alpha = (
        load(workspace.state, TRANSMITTANCE + at),
        load(workspace.state, ALPHA + at),
    )
    depth, red = load(workspace.state, DEPTH_SUM + at), load(workspace.state, RED_SUM + at)
    green, blue = load(workspace.state, GREEN_SUM + at), load(workspace.state, BLUE_SUM + at)
    done = 0
    while done < count and movemask(transmittance > ZERO) != 0:
        for i in range(done, min(done + STRIDE, count)):
            record = workspace.lists[row * CHUNK + i] * LOCAL_SIZE
            uncapped, is_visible = gaussian_alpha(local, record, row)
            weight = (
                select(is_visible, minimum(uncapped, broadcast(MAX_ALPHA)), ZERO) * transmittance
            )
            next_transmittance = transmittance - weight
            is_open = next_transmittance > TRANSMITTANCE_MIN
            weight = select(is_open, weight, ZERO)
            transmittance = select(is_open, next_transmittance, ZERO)
            alpha = alpha + weight
            depth = fma(weight, local[record + DEPTH], depth)
            red = fma(weight, local[record + RED], red)
            green = fma(weight, local[record + GREEN], green)
            blue = fma(weight, local[record + BLUE], blue)
            if len(workspace.features):
                store(workspace.weights, i * TILE, weight)
        done = min(done + STRIDE, count)
    store(workspace.state, TRANSMITTANCE + at, transmittance)
    store(workspace.state, ALPHA + at, alpha)
    store(workspace.state, DEPTH_SUM + at, depth)
    store(workspace.state, RED_SUM + at, red)
    store(workspace.state, GREEN_SUM + at, green)
    store(workspace.state, BLUE_SUM + at, blue)
    return done


@inline_jit
def _write_tile(
    image: int, x: int, y: int, state: np.ndarray, background: Any, grid: Grid, images: ImageBuffers
) -> None:
    """Write alpha, depth and color of a tile to the images."""
    width = grid.width - x
    for row in range(min(TILE, grid.height - y)):
        at, pixel = row * TILE, (image * grid.height + y + row) * grid.width + x
        alpha = load(state, ALPHA + at)
        store_masked(images.alpha, pixel, alpha, width)
        depth = load(state, DEPTH_SUM + at) / select(alpha > ZERO, alpha, ONE)
        store_masked(images.depth, pixel, depth, width)
        rest = ONE - alpha
        red, green, blue = interleave(
            fma(rest, background[image, 0], load(state, RED_SUM + at)),
            fma(rest, background[image, 1], load(state, GREEN_SUM + at)),
            fma(rest, background[image, 2], load(state, BLUE_SUM + at)),
        )
        store_masked(images.color, 3 * pixel, red, 3 * width)
        store_masked(images.color, 3 * pixel + TILE, green, 3 * width - TILE)
        store_masked(images.color, 3 * pixel + 2 * TILE, blue, 3 * width - 2 * TILE)
