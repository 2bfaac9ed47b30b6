"""The stages of both passes in their order, on arrays that live as long as one call."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gaussrep.kernels import threads
from gaussrep.kernels.thread_count import kernel_threads
from gaussrep.rendering.cpu.bin import bin_tiles, split_bands
from gaussrep.rendering.cpu.buffers import allocate
from gaussrep.rendering.cpu.composite import composite
from gaussrep.rendering.cpu.composite_backward import composite_backward
from gaussrep.rendering.cpu.features import pad_features
from gaussrep.rendering.cpu.layout import (
    BLOCK_SIZE,
    CAMERA_SIZE,
    FEATURES_START,
    RECORD_SIZE,
    TILE,
    Bins,
    GradientBuffers,
    Gradients,
    Grid,
    Harmonics,
    ImageBuffers,
    Lenses,
    Scenes,
    Splats,
)
from gaussrep.rendering.cpu.lenses import BOUNDS, find_bounds
from gaussrep.rendering.cpu.order import order_settings
from gaussrep.rendering.cpu.project import project
from gaussrep.rendering.cpu.project_backward import project_backward

Launch = Callable[..., None]
"""Takes a kernel, the number of its tasks and its arguments, as `threads.launch` does."""

BAND_SIZE = 8192
"""Gaussians of a scene per band of an image: each band examines all of them, and to hand one over
to another thread takes longer than to bin a few thousand."""


class RasterState(NamedTuple):
    """State that both passes need: Gaussians projected to images and binned to tiles."""

    scenes: Scenes
    lenses: Lenses | None
    grid: Grid
    splats: Splats
    bins: Bins


def project_and_bin(
    scenes: Scenes,
    width: int,
    height: int,
    *,
    ortho: bool,
    antialiased: bool,
    distortion: np.ndarray | None = None,
    launch: Launch = threads.launch,
) -> RasterState:
    """Project, sort and bin Gaussians.

    Args:
        scenes: Gaussians and cameras.
        width: Image width in pixels.
        height: Image height in pixels.
        ortho: Whether cameras are orthographic.
        antialiased: Whether to compensate opacities for the blur.
        distortion: Coefficients of the lenses, float32 [S, V, 8] or [S, V, 4], if there are any.
        launch: Runs a kernel.

    Returns:
        Projected and binned Gaussians.
    """
    grid = Grid(width, height, -(-width // TILE), -(-height // TILE), ortho, antialiased)
    images, count = scenes.viewmats.shape[0] * scenes.viewmats.shape[1], scenes.means.shape[1]
    blocks = -(-count // BLOCK_SIZE)
    records = allocate(images * count * RECORD_SIZE)
    splats = Splats(
        records=records,
        integers=records.view(np.int32),
        depths=np.empty((images, count), np.float32),
        boxes=np.empty((images * count, 4), np.int16),
        tiles_per_block_row=np.empty((images, blocks, grid.rows), np.int64),
    )
    lenses = None
    if distortion is not None:
        lenses = Lenses(distortion, np.empty((*distortion.shape[:2], BOUNDS)))
        launch(find_bounds, images, lenses, scenes.Ks, grid)
    launch(project, images * blocks, scenes, _harmonics(scenes), lenses, grid, splats)
    return RasterState(scenes, lenses, grid, splats, _bin(splats, grid, launch))


def _harmonics(scenes: Scenes) -> Harmonics | None:
    """Coefficients; None if there are none: kernels are then compiled without their code."""
    return scenes.sh if scenes.sh.bases else None


def _bin(splats: Splats, grid: Grid, launch: Launch) -> Bins:
    images, count = splats.depths.shape
    rows = splats.tiles_per_block_row.sum(axis=1)
    ends = rows.cumsum().reshape(rows.shape)
    tiles = images * grid.rows * grid.columns
    bins = Bins(
        starts=np.empty(tiles, np.int64),
        ends=np.empty(tiles, np.int64),
        members=np.empty(int(rows.sum()), np.int32),
    )
    threads = min(kernel_threads(), -(-count // BAND_SIZE))
    cuts = split_bands(rows, min(grid.rows, max(1, -(-threads // max(1, images)))))
    keys = splats.depths.view(np.uint32)
    launch(bin_tiles, images * (cuts.shape[1] - 1), keys, splats, grid, cuts, ends - rows, bins)
    return bins


def composite_tiles(
    state: RasterState,
    background: np.ndarray,
    images: ImageBuffers,
    medians: np.ndarray | None = None,
    *,
    launch: Launch = threads.launch,
) -> None:
    """Composite all tiles.

    Args:
        state: Projected and binned Gaussians.
        background: RGB behind the Gaussians, float32 [I, 3].
        images: Output; every value is written.
        medians: Output, if requested: the last Gaussian in front of which more than half of the
            light is left, or -1, int32 [I, H, W].
        launch: Runs a kernel.
    """
    splats, bins = state.splats, state.bins
    features = pad_features(state.scenes.features)
    arguments = splats.records, features, background, state.grid, bins, images, medians
    launch(composite, len(bins.starts), *arguments)


def compute_gradients(
    state: RasterState,
    background: np.ndarray,
    images: ImageBuffers,
    grad_outputs: ImageBuffers,
    grad_sh: Harmonics,
    *,
    order_window: int = 0,
    order_temperature: float = 1.0,
    launch: Launch = threads.launch,
) -> tuple[Gradients, np.ndarray]:
    """Backpropagate gradients from images to Gaussians, cameras and background.

    Args:
        state: Projected and binned Gaussians.
        background: RGB behind the Gaussians, float32 [I, 3].
        images: The rendered images.
        grad_outputs: Gradients to them.
        grad_sh: Memory for the gradients to coefficients of spherical harmonics; those that are
            used are written.
        order_window: Pairs of Gaussians at most this many places apart give a gradient to their
            depths; 0 without one.
        order_temperature: Difference of depth at which the order of a pair has the probability
            0.73.
        launch: Runs a kernel.

    Returns:
        Gradients to the scenes, and to the background.
    """
    scenes, lenses, grid, splats, bins = state
    features = pad_features(scenes.features) if grad_outputs.features.size else None
    buffers = _allocate_buffers(state)
    tiles = len(bins.starts)
    order = None
    if order_window:
        longest = int((bins.ends - bins.starts).max(initial=0))
        order = order_settings(order_window, order_temperature, longest)
    arguments = features, background, grid, splats, bins, images, grad_outputs, buffers, order
    launch(composite_backward, tiles, *arguments)
    blocks = splats.tiles_per_block_row.shape[1]
    arrays = (scenes.means, scenes.quats, scenes.scales, scenes.opacities)
    views = scenes.viewmats.shape[1]
    gradients = Gradients(
        *(np.empty_like(array) for array in (*arrays, scenes.colors, scenes.features)),
        sh=grad_sh,
        cameras=np.empty(len(scenes.means) * blocks * views * CAMERA_SIZE),
    )
    tasks = len(scenes.means) * blocks
    launch(
        project_backward,
        tasks,
        scenes,
        _harmonics(scenes),
        lenses,
        grid,
        splats,
        buffers,
        gradients,
    )
    by_tile = buffers.background.reshape(len(background), grid.rows * grid.columns, TILE)
    cameras = gradients.cameras.reshape(len(scenes.means), blocks, views, CAMERA_SIZE).sum(axis=1)
    gradients = gradients._replace(cameras=cameras)
    return gradients, by_tile[..., :3].sum(axis=1)


def _allocate_buffers(state: RasterState) -> GradientBuffers:
    sizes = state.splats.tiles_per_block_row.sum(axis=2)
    channels = state.scenes.features.shape[2]
    size = FEATURES_START + -(-channels // TILE) * TILE
    spare = kernel_threads() if channels else 0
    return GradientBuffers(
        starts=sizes.cumsum().reshape(sizes.shape) - sizes,
        sums=allocate((int(sizes.sum()) + spare) * size),
        size=size,
        background=allocate(len(state.bins.starts), TILE),
    )
