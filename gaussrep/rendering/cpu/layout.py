"""Memory layout of scenes, images, projected Gaussians and gradients."""

from math import log2
from typing import NamedTuple

import numpy as np

from gaussrep.kernels.simd import WIDTH
from gaussrep.rendering import conventions

TILE = 16
"""Width and height of a tile in pixels."""

PIXELS = TILE * TILE

CELL_WIDTH, CELL_HEIGHT = 4, WIDTH // 4
"""Size of a cell in pixels: those of one vector."""

CELLS_ACROSS, CELLS_DOWN = TILE // CELL_WIDTH, TILE // CELL_HEIGHT
CELLS = PIXELS // WIDTH
"""Cells of a tile, in a row, in a column, and in all."""

BLOCK_SIZE = 512
"""Gaussians that one task projects."""

RECORD_SIZE = 16
"""Floats per projected Gaussian, at the offsets below: one cache line."""
X, Y, L1, L2, L3, REACH, DEPTH, RED, GREEN, BLUE, HALF_HEIGHT, SHEAR = range(12)
FIRST_SLOT, ROW_SLOTS, BEGIN, END = range(12, 16)
"""Offsets of integers. The slot of the tile (column, row), counted from the first of the block of
Gaussians, is FIRST_SLOT + ROW_SLOTS * row + column. The box of tiles begins and ends at those
(column, row) of which these are `column | row << 16`."""

LOG2_MIN = log2(conventions.MIN_ALPHA)
MIN_ALPHA = np.float32(conventions.MIN_ALPHA)
MAX_ALPHA = np.float32(conventions.MAX_ALPHA)
TRANSMITTANCE_MIN = np.float32(conventions.TRANSMITTANCE_MIN)
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)


class Harmonics(NamedTuple):
    """Coefficients of spherical harmonics, or gradients to them, at index scene * N + n.

    Those of degree 0 and the higher ones may lie in one array or in two.
    """

    first: np.ndarray
    """Those of degree 0, float32; RGB of a Gaussian follows that of the one before at `stride`."""
    higher: np.ndarray
    """The higher ones, [..., 3] flat."""
    stride: int
    """Floats of `first` per Gaussian."""
    higher_stride: int
    """Floats of `higher` per Gaussian."""
    bases: int
    """Number of coefficients that are used, K; 0 without spherical harmonics."""


def joint_harmonics(sh: np.ndarray) -> Harmonics:
    """Describe coefficients that lie in one array.

    Args:
        sh: Contiguous, float32 [..., K, 3].

    Returns:
        Views of it.
    """
    bases, flat = sh.shape[-2], sh.reshape(-1)
    return Harmonics(flat, flat[3:], 3 * bases, 3 * bases, bases)


def split_harmonics(sh0: np.ndarray, shN: np.ndarray, bases: int) -> Harmonics:
    """Describe coefficients that lie in two arrays.

    Args:
        sh0: Those of degree 0, contiguous, float32 [..., 1, 3].
        shN: The higher ones, contiguous, [..., at least `bases` - 1, 3].
        bases: Number of coefficients that are used, of both arrays.

    Returns:
        Views of them.
    """
    return Harmonics(sh0.reshape(-1), shN.reshape(-1), 3, 3 * shN.shape[-2], bases)


class Scenes(NamedTuple):
    """Scenes (S) of Gaussians (N) with views (V); the index of an image (I) is scene * V + view."""

    means: np.ndarray
    """[S, N, 3]"""
    quats: np.ndarray
    """[S, N, 4]"""
    scales: np.ndarray
    """[S, N, 3]"""
    opacities: np.ndarray
    """[S, N]"""
    colors: np.ndarray
    """[S, V or 1, N, 3]; not used with spherical harmonics"""
    features: np.ndarray
    """[S, N, C]"""
    sh: Harmonics
    """Coefficients of spherical harmonics, if there are any"""
    positions: np.ndarray
    """Camera centers, [S, V, 3]; not used without spherical harmonics"""
    viewmats: np.ndarray
    """[S, V, 4, 4]"""
    Ks: np.ndarray
    """[S, V, 3, 3]"""


class Lenses(NamedTuple):
    """Lenses of the camera models `opencv` and `fisheye`."""

    coefficients: np.ndarray
    """As in `gaussrep.Cameras`, float32 [S, V, 8] or [S, V, 4]."""
    bounds: np.ndarray
    """Slopes that the lens shows, see `gaussrep.rendering.cpu.lenses`, float64 [S, V, 5]."""


class Grid(NamedTuple):
    """Size of every image in pixels and in tiles, the camera model, and the mode."""

    width: int
    height: int
    columns: int
    rows: int
    ortho: bool
    antialiased: bool


class Splats(NamedTuple):
    """Projected Gaussians of every image."""

    records: np.ndarray
    """Float32 [I * N * RECORD_SIZE]; only records with a non-empty box are written."""
    integers: np.ndarray
    """The same memory as int32."""
    depths: np.ndarray
    """Float32 [I, N]."""
    boxes: np.ndarray
    """Tiles of the bounding box: left, top, end column, end row, int16 [I * N, 4]."""
    tiles_per_block_row: np.ndarray
    """Number of tiles in the boxes, by block and tile row, int64 [I, blocks, rows]."""


class Bins(NamedTuple):
    """Lists of the Gaussians of each tile, nearest first."""

    starts: np.ndarray
    """Start of each tile's list, int64 [I * rows * columns]."""
    ends: np.ndarray
    """End of each tile's list."""
    members: np.ndarray
    """The lists: indices of Gaussians within their scene, int32."""


class ImageBuffers(NamedTuple):
    """Rendered images, or the gradients to them."""

    color: np.ndarray
    """Float32 [I, H, W, 3]."""
    alpha: np.ndarray
    """Float32 [I, H, W]."""
    depth: np.ndarray
    """Float32 [I, H, W]."""
    features: np.ndarray
    """Float32 [I, H, W, C]."""


FEATURES_START = 16
"""Floats of a slot before the features."""
M0, M_X, M_XX, M_Y, M_XY, M_YY, D_RED, D_GREEN, D_BLUE, D_DEPTH = range(10)
"""Offsets in a slot: moments of the gradient to the log-opacity over a tile's pixel offsets, and
gradients to color and depth."""


class GradientBuffers(NamedTuple):
    """Gradient accumulators: one slot per pair of a Gaussian and a tile of its box."""

    starts: np.ndarray
    """First slot of each block of Gaussians, int64 [I, blocks]."""
    sums: np.ndarray
    """Float32, `size` floats per slot: FEATURES_START, then C', then padding; with features, a
    slot more for each thread."""
    size: int
    """Floats per slot, a multiple of TILE."""
    background: np.ndarray
    """Gradient to the background by tile, float32 [I * rows * columns, TILE], three used."""


CAMERA_SIZE = 27
"""Gradients per camera."""


class Gradients(NamedTuple):
    """Gradients to the scenes, shaped alike; to the cameras one sum per block of Gaussians."""

    means: np.ndarray
    quats: np.ndarray
    scales: np.ndarray
    opacities: np.ndarray
    colors: np.ndarray
    features: np.ndarray
    sh: Harmonics
    cameras: np.ndarray
    """Rows of the rotation, offset, fx, fy, cx, cy, position, lens: float64
    [S * blocks * V * CAMERA_SIZE]."""
