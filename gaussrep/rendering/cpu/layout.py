"""How scenes, pictures and projected Gaussians lie in memory."""

from math import log
from typing import NamedTuple

import numpy as np

from gaussrep.rendering import conventions

TILE = 16
"""Width and height of a tile in pixels: one `Lanes` per row."""

PIXELS = TILE * TILE

BLOCK = 1024
"""Gaussians that are projected by one task."""

RECORD = 16
"""Numbers per projected Gaussian, at the places below: one cache line."""
X, Y, L1, L2, L3, LOG_OPACITY, DEPTH, RED, GREEN, BLUE, TALL, LEAN = range(12)

LOG_MIN = np.float32(log(conventions.MIN_ALPHA))
MIN_ALPHA = np.float32(conventions.MIN_ALPHA)
MAX_ALPHA = np.float32(conventions.MAX_ALPHA)
TRANSMITTANCE_MIN = np.float32(conventions.TRANSMITTANCE_MIN)
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)


class Scenes(NamedTuple):
    """Scenes (S) of Gaussians (N) seen from views (V); image number = scene * V + view."""

    means: np.ndarray
    """[S, N, 3]"""
    quats: np.ndarray
    """[S, N, 4]"""
    scales: np.ndarray
    """[S, N, 3]"""
    opacities: np.ndarray
    """[S, N]"""
    colors: np.ndarray
    """[S, V or 1, N, 3]"""
    features: np.ndarray
    """[S, N, C]"""
    viewmats: np.ndarray
    """[S, V, 4, 4]"""
    Ks: np.ndarray
    """[S, V, 3, 3]"""


class Grid(NamedTuple):
    """Size of every image in pixels and in tiles, and the camera model."""

    width: int
    height: int
    columns: int
    rows: int
    ortho: bool


class Splats(NamedTuple):
    """Gaussians on the image plane, for every image."""

    records: np.ndarray
    """Float32 [I * N * RECORD]; only those whose box is not empty are filled in."""
    depths: np.ndarray
    """Float32 [I, N]."""
    boxes: np.ndarray
    """Tiles met by the bounding box: left, top, right, bottom (excluded), int16 [I * N, 4]."""
    first: np.ndarray
    """Tiles in the boxes of those before, in the same block, int32 [I * N]."""
    crowd: np.ndarray
    """Tiles in the boxes by block and tile row, int64 [I, blocks, rows]."""


class Bins(NamedTuple):
    """The Gaussians that each tile must draw, nearest first."""

    starts: np.ndarray
    """Where a tile's list starts, int64 [I * rows * columns]."""
    ends: np.ndarray
    """Where it ends."""
    members: np.ndarray
    """The lists: numbers of Gaussians within their scene, int32."""


class Pictures(NamedTuple):
    """What the renderer gives, or the gradients to it."""

    color: np.ndarray
    """Float32 [I, H, W, 3]."""
    alpha: np.ndarray
    """Float32 [I, H, W]."""
    depth: np.ndarray
    """Float32 [I, H, W]."""
    features: np.ndarray
    """Float32 [I, H, W, C]."""


FOLDED = 4
"""Feature channels that are summed over a tile at once."""

MOMENTS = 16
"""Numbers in a slot before the features."""
FLAT, ACROSS, ACROSS2, ALONG, SKEW, ALONG2, TO_RED, TO_GREEN, TO_BLUE, TO_DEPTH = range(10)


class Slots(NamedTuple):
    """What every tile wants of every Gaussian in whose box it lies."""

    starts: np.ndarray
    """First slot of each block of Gaussians, int64 [I, blocks]."""
    sums: np.ndarray
    """Float32, `size` numbers per slot: MOMENTS, then C, then padding."""
    size: int
    """Numbers per slot, a multiple of TILE."""
    background: np.ndarray
    """Gradient to the background, float32 [I * rows * columns, TILE], of which three count."""


CAMERA = 16
"""Numbers per camera."""


class Gradients(NamedTuple):
    """Gradients to the scenes, shaped alike; to the cameras one share per block of Gaussians."""

    means: np.ndarray
    quats: np.ndarray
    scales: np.ndarray
    opacities: np.ndarray
    colors: np.ndarray
    features: np.ndarray
    cameras: np.ndarray
    """Rows of the rotation, offset, fx, fy, cx, cy: float64 [S * blocks * V * CAMERA]."""
