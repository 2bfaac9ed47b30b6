"""The stages of both passes in their order.

The host waits for the device once per forward pass, for the number of pairs: memory for exactly
that many is allocated. Given a largest number, it does not wait. The backward pass never waits.
"""

from typing import Any, NamedTuple

import torch
import triton
from torch import Tensor

from gaussrep.rendering.lenses import SAMPLES, WIDEST
from gaussrep.rendering.tiled import split_camera_gradients
from gaussrep.rendering.triton.bin import emit_pairs, sum_slots
from gaussrep.rendering.triton.composite import composite, composite_features
from gaussrep.rendering.triton.composite_backward import composite_backward
from gaussrep.rendering.triton.composite_features_backward import composite_features_backward
from gaussrep.rendering.triton.harmonics import shade_backward
from gaussrep.rendering.triton.layout import (
    BOUNDS_SIZE,
    CAMERA_SIZE,
    D_RED,
    PIXELS,
    RECORD_SIZE,
    SLOT_SIZE,
    TILE,
    Bins,
    Grid,
    Images,
    Scenes,
    Splats,
)
from gaussrep.rendering.triton.lenses import find_bounds
from gaussrep.rendering.triton.project import project, project_backward

INTERPRETED = not isinstance(project, triton.JITFunction)
"""Whether the kernels run on NumPy, on tensors on the CPU."""

LANES = 128
"""Gaussians per program in kernels with one Gaussian per lane."""

MOST_INTERPRETED = 2**16
"""The same where kernels are interpreted, which takes time per program."""

GROUP = 2
"""Gaussians whose loads may overlap while a tile is composited."""

FEATURE_GROUP = 16
"""Gaussians per product of weights and features: the fewest that tensor cores multiply."""

FEATURE_CHANNELS, BACKWARD_CHANNELS = (16, 64), (16, 32)
"""Fewest and most channels per product, in both passes."""

FEATURE_PART, FEATURE_WARPS = 64, 4
"""Pixels of a tile that are multiplied at once, and warps per program."""

PARTS = PIXELS.value // FEATURE_PART

PRECISION = "ieee" if torch.version.hip else "tf32x3"
"""Precision of products: three TF32 products each, whose error is that of float32."""

SLOT_ROWS, SLOT_COLUMNS = 16, (16, 64)
"""Slots that are summed at once; fewest and most of their floats."""

NARROW = 2**15
"""Number of tiles from which keys need 32 bits; sorting 16 bits takes half the passes."""


def divide_up(size: int, part: int) -> int:
    """Number of parts that cover a size."""
    return -(-size // part)


def power_of_two(size: int) -> int:
    """Smallest power of two that is no less."""
    return 1 << max(0, size - 1).bit_length()


class Pass(NamedTuple):
    """State that both passes need."""

    scenes: Scenes
    grid: Grid
    splats: Splats
    bins: Bins

    @property
    def tiles(self) -> int:
        """Number of tiles of all images."""
        return len(self.bins.starts) - 1

    @property
    def camera(self) -> tuple[int, int]:
        """Scenes and views."""
        return self.scenes.viewmats.shape[0], self.scenes.viewmats.shape[1]

    @property
    def size(self) -> tuple[int, int, int, int]:
        """Width and height in pixels, columns and rows of tiles."""
        return self.grid[:4]


def make_grid(width: int, height: int, ortho: bool, antialiased: bool) -> Grid:
    """Divide images into tiles."""
    columns, rows = divide_up(width, TILE.value), divide_up(height, TILE.value)
    return Grid(width, height, columns, rows, ortho, antialiased)


def project_and_bin(scenes: Scenes, grid: Grid, most: int) -> Pass:
    """Project, sort and bin Gaussians.

    Args:
        scenes: Contiguous float32 tensors.
        grid: Size of the images.
        most: Number of pairs to allocate memory for; 0 waits for their number.

    Returns:
        Projected and binned Gaussians.
    """
    views, count = scenes.viewmats.shape[1], scenes.means.shape[1]
    images = len(scenes.means) * views
    empty = scenes.means.new_empty
    depths = empty(images, count)
    splats = Splats(
        records=empty(images, count, RECORD_SIZE.value),
        boxes=empty(images, count, 4, dtype=torch.int16),
        counts=empty(images, count, dtype=torch.int32),
    )
    if images * count:
        project[_lane_programs(images, count)](
            *(t for name, t in zip(Scenes._fields, scenes, strict=True) if name != "features"),
            _lens_bounds(scenes, grid),
            splats.records,
            depths,
            splats.boxes,
            splats.counts,
            views,
            count,
            scenes.colors.shape[1],
            *grid[:4],
            ORTHO=grid.ortho,
            ANTIALIASED=grid.antialiased,
            LENS=scenes.distortion.shape[2],
            BASES=scenes.sh.shape[2],
            LANES=_lanes(count),
            num_warps=4,
        )
    return Pass(scenes, grid, splats, _bin(splats, depths, grid, most))


def _lens_bounds(scenes: Scenes, grid: Grid) -> Tensor:
    """Bounds of the slopes that lenses show, [I, BOUNDS_SIZE]; empty without lenses."""
    images = scenes.viewmats.shape[0] * scenes.viewmats.shape[1]
    lens = scenes.distortion.shape[2]
    bounds = scenes.Ks.new_empty(images if lens else 0, BOUNDS_SIZE.value)
    if lens and images:
        steps = torch.arange(SAMPLES, dtype=torch.float64, device=bounds.device)
        angles = steps * (WIDEST / (SAMPLES - 1))
        find_bounds[(images,)](
            scenes.distortion,
            scenes.Ks,
            angles,
            angles.tan(),
            bounds,
            *grid[:2],
            LENS=lens,
            SAMPLES=SAMPLES,
            num_warps=4,
        )
    return bounds


def _lanes(count: int) -> int:
    """Gaussians per program, of `count` in an image."""
    if not INTERPRETED:
        return LANES
    return min(MOST_INTERPRETED, power_of_two(count))


def _lane_programs(groups: int, count: int) -> tuple[int]:
    """Programs for `count` Gaussians in each group."""
    return (groups * divide_up(count, _lanes(count)),)


def _bin(splats: Splats, depths: Tensor, grid: Grid, most: int) -> Bins:
    """Emit pairs in the order of depth, and sort them by tile, keeping that order."""
    images, count = depths.shape
    tiles = images * grid.columns * grid.rows
    empty = depths.new_empty
    order = depths.sort(dim=1, stable=True).indices
    ends = splats.counts.gather(1, order).flatten().cumsum(0)
    if not len(ends):
        most = 0
    elif not most:
        most = int(ends[-1])
    key = torch.int16 if tiles < NARROW else torch.int32
    keys = depths.new_full((most,), tiles, dtype=key)
    members = depths.new_zeros(most, dtype=torch.int32)
    firsts = empty(images, count, dtype=torch.int64)
    if most:
        emit_pairs[_lane_programs(images, count)](
            order,
            *splats,
            ends,
            firsts,
            keys,
            members,
            count,
            grid.columns,
            grid.rows,
            most,
            LANES=_lanes(count),
            num_warps=4,
        )
    keys, emitted = keys.sort(stable=True)
    borders = torch.arange(tiles + 1, dtype=key, device=depths.device)
    return Bins(firsts, torch.searchsorted(keys, borders), members[emitted], emitted)


def composite_tiles(state: Pass, background: Tensor, images: Images, medians: Tensor) -> None:
    """Composite all tiles.

    Args:
        state: Projected and binned Gaussians.
        background: RGB behind the Gaussians, [S, V, 3].
        images: Output; every value is written.
        medians: Output, the last Gaussian in front of which more than half of the light is left, or
            -1, int32 [S, V, H, W]; empty if not wanted.
    """
    if not state.tiles:
        return
    bins, records = state.bins, state.splats.records
    composite[(state.tiles,)](
        records,
        bins.starts,
        bins.members,
        background,
        *images[:3],
        medians,
        state.scenes.means.shape[1],
        *state.size,
        MEDIANS=medians.numel() > 0,
        GROUP=GROUP,
        num_warps=1,
    )
    channels = images.features.shape[-1]
    if channels:
        block = _block(channels, *FEATURE_CHANNELS)
        composite_features[(state.tiles * PARTS, divide_up(channels, block))](
            records,
            bins.starts,
            bins.members,
            state.scenes.features,
            images.features,
            state.camera[1],
            state.scenes.means.shape[1],
            channels,
            *state.size,
            PART=FEATURE_PART,
            GROUP=FEATURE_GROUP,
            CHANNELS=block,
            PRECISION=PRECISION,
            num_warps=FEATURE_WARPS,
        )


def spoil_incomplete(state: Pass, images: Images) -> None:
    """Fill images with NaN if pairs were left out for want of memory; without waiting.

    Args:
        state: Projected and binned Gaussians.
        images: Changed in place.
    """
    is_incomplete = state.splats.counts.sum() > len(state.bins.members)
    spoiled = images.alpha.new_zeros(()).masked_fill(is_incomplete, torch.nan)
    for image in images:
        image.add_(spoiled)


def _block(size: int, least: int, most: int) -> int:
    """Number of columns that a program takes of `size`, a power of two."""
    return min(most, max(least, power_of_two(size)))


def compute_gradients(
    state: Pass, background: Tensor, images: Images, grad_outputs: Images, *, cameras: bool
) -> tuple[Scenes, Tensor]:
    """Backpropagate gradients from images to Gaussians, cameras and background.

    Args:
        state: Projected and binned Gaussians.
        background: RGB behind the Gaussians, [S, V, 3].
        images: The rendered images.
        grad_outputs: Gradients to them.
        cameras: Whether to compute the gradients to the cameras, too; zeros if not.

    Returns:
        Gradients to the scenes, and to the background.
    """
    totals, feature_totals, background_sums = _backward_tiles(
        state, background, images, grad_outputs
    )
    scenes, views = state.camera
    totals, feature_totals = (
        total.unflatten(0, (scenes, views)) for total in (totals, feature_totals)
    )
    gradients = _project_backward(state, totals, cameras=cameras)
    gradients = gradients._replace(features=feature_totals.sum(1))
    if not state.scenes.sh.shape[2]:
        grad_colors = totals[..., D_RED.value : D_RED.value + 3]
        if state.scenes.colors.shape[1] != views:
            grad_colors = grad_colors.sum(1, keepdim=True)
        gradients = gradients._replace(colors=grad_colors.contiguous())
    tiles = state.grid.columns * state.grid.rows
    by_image = background_sums.sum(1).view(scenes, views, tiles, 3)
    return gradients, by_image.sum(2)


def _backward_tiles(
    state: Pass, background: Tensor, images: Images, grad_outputs: Images
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients to projected Gaussians and features of every image, and to backgrounds by tile."""
    bins, records = state.bins, state.splats.records
    channels = images.features.shape[-1]
    has_features = grad_outputs.features.numel() > 0
    slots = records.new_zeros(len(bins.members), SLOT_SIZE.value)
    feature_slots = records.new_zeros(len(bins.members), channels if has_features else 0)
    sums = records.new_zeros(state.tiles, PARTS if has_features else 1, 3)
    flags: dict[str, Any] = {
        f"HAS_{name.upper()}": getattr(grad_outputs, name).numel() > 0
        for name in ("color", "alpha", "depth")
    }
    tables = records, bins.starts, bins.members, bins.emitted
    if state.tiles and has_features:
        composite_features_backward[(state.tiles,)](
            *tables,
            state.scenes.features,
            background,
            *images,
            *grad_outputs,
            slots,
            feature_slots,
            sums,
            state.camera[1],
            state.scenes.means.shape[1],
            channels,
            *state.size,
            **flags,
            PART=FEATURE_PART,
            GROUP=FEATURE_GROUP,
            CHANNELS=_block(channels, *BACKWARD_CHANNELS),
            PRECISION=PRECISION,
            num_warps=FEATURE_WARPS,
        )
    elif state.tiles:
        composite_backward[(state.tiles,)](
            *tables,
            background,
            *images[:3],
            *grad_outputs[:3],
            slots,
            sums,
            *state.size,
            **flags,
            GROUP=GROUP,
            num_warps=1,
        )
    totals = _sum_slots(state, slots)
    feature_totals = _sum_slots(state, feature_slots)
    if not has_features:
        feature_totals = feature_totals.new_zeros(*feature_totals.shape[:-1], channels)
    return totals, feature_totals, sums


def _sum_slots(state: Pass, slots: Tensor) -> Tensor:
    """Sum the slots of every Gaussian in every image, [I, N, size]."""
    counts, size = state.splats.counts, slots.shape[-1]
    totals = slots.new_empty(*counts.shape, size)
    if totals.numel():
        columns = _block(size, *SLOT_COLUMNS)
        sum_slots[(counts.numel(), divide_up(size, columns))](
            slots,
            state.bins.firsts,
            counts,
            totals,
            size,
            len(slots),
            ROWS=SLOT_ROWS,
            COLUMNS=columns,
            num_warps=1,
        )
    return totals


def _project_backward(state: Pass, totals: Tensor, *, cameras: bool) -> Scenes:
    """Gradients to all but features and, without spherical harmonics, colors."""
    scenes, views = state.camera
    given = state.scenes
    count, bases, lens = given.means.shape[1], given.sh.shape[2], given.distortion.shape[2]
    programs = _lane_programs(scenes, max(1, count))
    grads = given._replace(**{name: torch.empty_like(getattr(given, name)) for name in SHAPED})
    sums = totals.new_zeros(scenes, programs[0] // max(1, scenes), views, CAMERA_SIZE.value + lens)
    grads = grads._replace(sh=torch.zeros_like(given.sh))
    if scenes * count and bases:
        shade_backward[programs](
            given.means,
            given.sh,
            given.viewmats,
            given.Ks,
            state.splats.counts,
            totals,
            grads.sh,
            views,
            count,
            BASES=bases,
            LANES=_lanes(count),
            num_warps=4,
        )
    if scenes * count:
        project_backward[programs](
            given.means,
            given.quats,
            given.scales,
            given.opacities,
            given.viewmats,
            given.Ks,
            given.distortion,
            _lens_bounds(given, state.grid),
            state.splats.counts,
            totals,
            *(getattr(grads, name) for name in SHAPED),
            sums,
            views,
            count,
            state.grid.width,
            state.grid.height,
            ORTHO=state.grid.ortho,
            ANTIALIASED=state.grid.antialiased,
            LENS=lens,
            CAMERA_GRADIENTS=cameras,
            SHADED=bases > 0,
            LANES=_lanes(count),
            num_warps=4,
        )
    to_cameras = sums.sum(1)
    grad_viewmats, grad_Ks = split_camera_gradients(to_cameras[..., : CAMERA_SIZE.value])
    grad_distortion = to_cameras[..., CAMERA_SIZE.value :].contiguous()
    return grads._replace(viewmats=grad_viewmats, Ks=grad_Ks, distortion=grad_distortion)


SHAPED = ("means", "quats", "scales", "opacities")
