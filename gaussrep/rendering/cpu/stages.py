"""The stages in their order, on arrays that live as long as one call."""

from typing import NamedTuple

import numpy as np
import torch

from gaussrep.kernels.threads import launch
from gaussrep.rendering.cpu.bin import bin_tiles, cut_bands
from gaussrep.rendering.cpu.composite import composite
from gaussrep.rendering.cpu.composite_backward import composite_backward
from gaussrep.rendering.cpu.layout import (
    BLOCK,
    CAMERA,
    FOLDED,
    MOMENTS,
    RECORD,
    TILE,
    Bins,
    Gradients,
    Grid,
    Pictures,
    Scenes,
    Slots,
    Splats,
)
from gaussrep.rendering.cpu.project import project
from gaussrep.rendering.cpu.project_backward import project_backward

BANDS_PER_THREAD = 2
"""Bands that a lone image is cut into for binning; each of them looks at all its Gaussians."""


class Frame(NamedTuple):
    """What both directions need: where everything is on the image plane."""

    scenes: Scenes
    grid: Grid
    splats: Splats
    bins: Bins


def make_frame(scenes: Scenes, width: int, height: int, ortho: bool) -> Frame:
    """Project, sort and bin.

    Args:
        scenes: Gaussians and cameras.
        width: Image width in pixels.
        height: Image height in pixels.
        ortho: Whether cameras are orthographic.

    Returns:
        What to draw where.
    """
    grid = Grid(width, height, -(-width // TILE), -(-height // TILE), ortho)
    images, count = scenes.viewmats.shape[0] * scenes.viewmats.shape[1], scenes.means.shape[1]
    blocks = -(-count // BLOCK)
    splats = Splats(
        records=np.empty(images * count * RECORD, np.float32),
        depths=np.empty((images, count), np.float32),
        boxes=np.empty((images * count, 4), np.int16),
        first=np.empty(images * count, np.int32),
        crowd=np.empty((images, blocks, grid.rows), np.int64),
    )
    launch(project, images * blocks, scenes, grid, splats)
    return Frame(scenes, grid, splats, _bin(splats, grid))


def _bin(splats: Splats, grid: Grid) -> Bins:
    images = len(splats.depths)
    rows = splats.crowd.sum(axis=1)
    ends = rows.cumsum().reshape(rows.shape)
    tiles = images * grid.rows * grid.columns
    bins = Bins(
        starts=np.empty(tiles, np.int64),
        ends=np.empty(tiles, np.int64),
        members=np.empty(int(rows.sum()), np.int32),
    )
    wanted = -(-BANDS_PER_THREAD * torch.get_num_threads() // max(1, images))
    cuts = cut_bands(rows, min(grid.rows, wanted))
    keys = splats.depths.view(np.uint32)
    launch(bin_tiles, images * (cuts.shape[1] - 1), keys, splats, grid, cuts, ends - rows, bins)
    return bins


def draw(frame: Frame, background: np.ndarray, pictures: Pictures) -> None:
    """Composite.

    Args:
        frame: What to draw where.
        background: RGB behind the Gaussians, float32 [I, 3].
        pictures: Where to; every value is written.
    """
    splats, bins = frame.splats, frame.bins
    arguments = splats.records, frame.scenes.features, background, frame.grid, bins, pictures
    launch(composite, len(bins.starts), *arguments)


def draw_backward(
    frame: Frame, background: np.ndarray, pictures: Pictures, wanted: Pictures
) -> tuple[Gradients, np.ndarray]:
    """Carry gradients to the pictures back to Gaussians, cameras and background.

    Args:
        frame: What was drawn where.
        background: RGB behind the Gaussians, float32 [I, 3].
        pictures: What was drawn.
        wanted: Gradients to it.

    Returns:
        Gradients to the scenes, and to the background.
    """
    slots = _make_slots(frame)
    scenes, grid, splats, bins = frame
    tiles = len(bins.starts)
    arguments = scenes.features, background, grid, splats, bins, pictures, wanted, slots
    launch(composite_backward, tiles, *arguments)
    blocks = splats.crowd.shape[1]
    arrays = (scenes.means, scenes.quats, scenes.scales, scenes.opacities)
    views = scenes.viewmats.shape[1]
    gradients = Gradients(
        *(np.empty_like(array) for array in (*arrays, scenes.colors, scenes.features)),
        cameras=np.empty(len(scenes.means) * blocks * views * CAMERA),
    )
    tasks = len(scenes.means) * blocks
    launch(project_backward, tasks, scenes, grid, splats, slots, gradients)
    by_tile = slots.background.reshape(len(background), grid.rows * grid.columns, TILE)
    cameras = gradients.cameras.reshape(len(scenes.means), blocks, views, CAMERA).sum(axis=1)
    gradients = gradients._replace(cameras=cameras)
    return gradients, by_tile[..., :3].sum(axis=1)


def _make_slots(frame: Frame) -> Slots:
    sizes = frame.splats.crowd.sum(axis=2)
    channels = frame.scenes.features.shape[2]
    size = MOMENTS + -(-(channels + TILE - FOLDED) // TILE) * TILE * (channels > 0)
    return Slots(
        starts=sizes.cumsum().reshape(sizes.shape) - sizes,
        sums=_whole_lines(int(sizes.sum()) * size),
        size=size,
        background=_whole_lines(len(frame.bins.starts), TILE),
    )


def _whole_lines(*shape: int) -> np.ndarray:
    """Uninitialized float32 that begins with a line of the cache, as torch's memory does.

    Slots are whole lines then: threads that are at work side by side never write to the same one.
    """
    return torch.empty(shape, dtype=torch.float32, device="cpu").numpy()
