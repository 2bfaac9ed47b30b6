"""Memory layout of projected Gaussians and gradients, and the constants of all kernels.

Kernels read constants of a module only if they are `tl.constexpr`.
"""

from math import e, log2
from typing import NamedTuple

from torch import Tensor
from triton import language as tl

from gaussrep.rendering import conventions

TILE = tl.constexpr(16)
"""Width and height of a tile in pixels."""

PIXELS = tl.constexpr(256)
"""Pixels of a tile, row by row."""

RECORD_SIZE = tl.constexpr(12)
"""Floats per projected Gaussian, at the offsets below."""
X, Y, L1, L2, L3, LOG_OPACITY, DEPTH, RED, GREEN, BLUE, HALF_HEIGHT, SHEAR = map(
    tl.constexpr, range(12)
)

SLOT_SIZE = tl.constexpr(10)
"""Floats per pair of a tile and a Gaussian in the backward pass, at the offsets below."""
M0, M_X, M_XX, M_Y, M_XY, M_YY, D_RED, D_GREEN, D_BLUE, D_DEPTH = map(tl.constexpr, range(10))
"""Moments of the gradient to the log-opacity over offsets from the Gaussian's center, and gradients
to color and depth."""

CAMERA_SIZE = tl.constexpr(16)
"""Gradients per camera: rows of the rotation, offset, fx, fy, cx, cy; those to a lens follow."""

BOUNDS_SIZE = tl.constexpr(5)
"""Bounds of a lens, see `gaussrep.rendering.triton.lenses.find_bounds`."""

NEAR = tl.constexpr(conventions.NEAR)
EPS2D = tl.constexpr(conventions.EPS2D)
FRUSTUM_MARGIN = tl.constexpr(conventions.FRUSTUM_MARGIN)
MIN_ALPHA = tl.constexpr(conventions.MIN_ALPHA)
MAX_ALPHA = tl.constexpr(conventions.MAX_ALPHA)
TRANSMITTANCE_MIN = tl.constexpr(conventions.TRANSMITTANCE_MIN)
LOG2_MIN = tl.constexpr(log2(conventions.MIN_ALPHA))
HALF_LOG2_E = tl.constexpr(0.5 * log2(e))
"""Factor from half the inverse covariance to exponents of 2, halved.

The interpreter wants constants on the right of tensors in products."""
NEVER = tl.constexpr(-1e30)
"""Exponent of a Gaussian that is not there."""


class Scenes(NamedTuple):
    """Scenes (S) of Gaussians (N) with views (V); the index of an image (I) is scene * V + view."""

    means: Tensor
    """[S, N, 3]"""
    quats: Tensor
    """[S, N, 4]"""
    scales: Tensor
    """[S, N, 3]"""
    opacities: Tensor
    """[S, N]"""
    colors: Tensor
    """[S, V or 1, N, 3]; not read with spherical harmonics"""
    features: Tensor
    """[S, N, C]"""
    sh: Tensor
    """[S, N, K, 3]; K is 0 without spherical harmonics"""
    viewmats: Tensor
    """[S, V, 4, 4]"""
    Ks: Tensor
    """[S, V, 3, 3]"""
    distortion: Tensor
    """Coefficients of the lenses as in `gaussrep.Cameras`, [S, V, 8 or 4]; [S, V, 0] without."""


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

    records: Tensor
    """Float32 [I, N, RECORD_SIZE]; written where `counts` is not 0."""
    boxes: Tensor
    """Tiles of the bounding box: left, top, end column, end row, int16 [I, N, 4]."""
    counts: Tensor
    """Number of tiles that the ellipse overlaps, int32 [I, N]."""


class Bins(NamedTuple):
    """Pairs (P) of a tile and a Gaussian.

    A Gaussian's pairs are consecutive in the order in which they were emitted, a tile's pairs in
    the order of compositing.
    """

    firsts: Tensor
    """First emitted pair of every Gaussian, int64 [I, N]; undefined where `counts` is 0."""
    starts: Tensor
    """First pair of every tile in the order of compositing, and the end, int64 [tiles + 1]."""
    members: Tensor
    """Index of the record of each pair, in the order of compositing, int32 [P]."""
    emitted: Tensor
    """Place of each pair in the order of emission, in the order of compositing, int64 [P]."""


class Images(NamedTuple):
    """Rendered images, or the gradients to them, empty if the loss does not use them."""

    color: Tensor
    """Float32 [S, V, H, W, 3]."""
    alpha: Tensor
    """Float32 [S, V, H, W]."""
    depth: Tensor
    """Float32 [S, V, H, W]."""
    features: Tensor
    """Float32 [S, V, H, W, C]."""
