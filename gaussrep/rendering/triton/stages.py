"""The stages of the forward pass in their order, and what both passes share.

The host waits for the device once per forward pass, for the number of pairs: memory for exactly
that many is allocated. Given a largest number, it does not wait. The backward pass never waits.
"""

from typing import NamedTuple

import torch
import triton
from torch import Tensor

from gaussrep.rendering.lens_limits import SAMPLES, WIDEST
from gaussrep.rendering.triton.bin import emit_pairs
from gaussrep.rendering.triton.composite import composite, composite_features
from gaussrep.rendering.triton.layout import (
    BOUNDS_SIZE,
    PIXELS,
    RECORD_SIZE,
    TILE,
    Bins,
    Grid,
    Images,
    Scenes,
    Splats,
)
from gaussrep.rendering.triton.lenses import find_bounds
from gaussrep.rendering.triton.project import project

INTERPRETED = not isinstance(project, triton.JITFunction)
"""Whether the kernels run on NumPy, on tensors on the CPU."""

LANES = 128
"""Gaussians per program in kernels with one Gaussian per lane."""

MOST_INTERPRETED = 2**16
"""The same if kernels are interpreted, which takes time per program."""

GROUP = 2
"""Gaussians whose loads may overlap while a tile is composited."""

FEATURE_GROUP = 16
"""Gaussians per product of weights and features: the fewest that tensor cores multiply."""

FEATURE_CHANNELS = (16, 64)
"""Fewest and most channels per product."""

FEATURE_PART, FEATURE_WARPS = 64, 4
"""Pixels of a tile that are multiplied at once, and warps per program."""

PARTS = PIXELS.value // FEATURE_PART

PRECISION = "ieee" if torch.version.hip else "tf32x3"
"""Precision of products: three TF32 products each, whose error is that of float32."""

NARROW = 2**15
"""Number of tiles from which keys need 32 bits; sorting 16 bits takes half the passes."""


def divide_up(size: int, part: int) -> int:
    """Number of parts that cover a size."""
    return -(-size // part)


def power_of_two(size: int) -> int:
    """Smallest power of two that is at least `size`."""
    return 1 << max(0, size - 1).bit_length()


def block_size(size: int, least: int, most: int) -> int:
    """Number of columns that a program takes of `size`, a power of two."""
    return min(most, max(least, power_of_two(size)))


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
        project[lane_programs(images, count)](
            *(t for name, t in zip(Scenes._fields, scenes, strict=True) if name != "features"),
            lens_bounds(scenes, grid),
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
            LANES=lanes_per_program(count),
            num_warps=4,
        )
    return Pass(scenes, grid, splats, _bin(splats, depths, grid, most))


def lens_bounds(scenes: Scenes, grid: Grid) -> Tensor:
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


def lanes_per_program(count: int) -> int:
    """Gaussians per program, of `count` in an image."""
    if not INTERPRETED:
        return LANES
    return min(MOST_INTERPRETED, power_of_two(count))


def lane_programs(groups: int, count: int) -> tuple[int]:
    """Programs for `count` Gaussians in each group."""
    return (groups * divide_up(count, lanes_per_program(count)),)


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
        emit_pairs[lane_programs(images, count)](
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
            LANES=lanes_per_program(count),
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
            -1, int32 [S, V, H, W]; empty if not requested.
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
        block = block_size(channels, *FEATURE_CHANNELS)
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
