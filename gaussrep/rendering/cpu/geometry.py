"""The small geometry of one Gaussian before one camera, in float64 scalars and tuples."""

from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.rendering.conventions import EPS2D, FRUSTUM_MARGIN
from gaussrep.rendering.cpu.layout import Grid


class View(NamedTuple):
    """A camera: the rows of its rotation, its offset and its intrinsics."""

    right: tuple[float, float, float]
    down: tuple[float, float, float]
    ahead: tuple[float, float, float]
    offset: tuple[float, float, float]
    fx: float
    fy: float
    cx: float
    cy: float


class Slopes(NamedTuple):
    """The local affine map at a point: d(x, y) / d(point), and how it came about."""

    xx: float
    xz: float
    yy: float
    yz: float
    u: float
    v: float
    u_free: float
    v_free: float


@inline_jit
def dot(a: Any, b: Any) -> float:
    """Inner product of two triples."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@inline_jit
def blend(a: Any, x: float, b: Any, y: float) -> Any:
    """`a x + b y` of two triples."""
    return a[0] * x + b[0] * y, a[1] * x + b[1] * y, a[2] * x + b[2] * y


@inline_jit
def add(a: Any, b: Any) -> Any:
    """`a + b` of two triples."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


@inline_jit
def add_three(a: Any, b: Any) -> Any:
    """`a + b` of two triples of triples."""
    return add(a[0], b[0]), add(a[1], b[1]), add(a[2], b[2])


@inline_jit
def times(a: Any, b: Any) -> Any:
    """`a b` of two triples, part by part."""
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


@inline_jit
def mix(a: Any, weights: Any) -> Any:
    """Three triples summed by weights."""
    return blend(blend(a[0], weights[0], a[1], weights[1]), 1.0, a[2], weights[2])


@inline_jit
def triple(array: np.ndarray, i: int, j: int) -> Any:
    """Three numbers of an array [·, ·, 3]."""
    return np.float64(array[i, j, 0]), np.float64(array[i, j, 1]), np.float64(array[i, j, 2])


@inline_jit
def _entries(matrices: np.ndarray, i: int, j: int, row: int) -> Any:
    """The first three numbers of a row of a matrix of [·, ·, ·, ·]."""
    return (
        np.float64(matrices[i, j, row, 0]),
        np.float64(matrices[i, j, row, 1]),
        np.float64(matrices[i, j, row, 2]),
    )


@inline_jit
def view_of(viewmats: np.ndarray, Ks: np.ndarray, scene: int, view: int) -> View:
    """The camera of one image."""
    x, y, z = (
        np.float64(viewmats[scene, view, 0, 3]),
        np.float64(viewmats[scene, view, 1, 3]),
        np.float64(viewmats[scene, view, 2, 3]),
    )
    fx, _, cx = _entries(Ks, scene, view, 0)
    _, fy, cy = _entries(Ks, scene, view, 1)
    return View(
        _entries(viewmats, scene, view, 0),
        _entries(viewmats, scene, view, 1),
        _entries(viewmats, scene, view, 2),
        (x, y, z),
        fx,
        fy,
        cx,
        cy,
    )


@inline_jit
def place(view: View, mean: Any) -> Any:
    """A world point in camera axes."""
    return (
        dot(view.right, mean) + view.offset[0],
        dot(view.down, mean) + view.offset[1],
        dot(view.ahead, mean) + view.offset[2],
    )


@inline_jit
def unit(quats: np.ndarray, scene: int, n: int) -> Any:
    """A normalized quaternion and one over its length, as `torch.nn.functional.normalize`."""
    w, x, y, z = quats[scene, n, 0], quats[scene, n, 1], quats[scene, n, 2], quats[scene, n, 3]
    w, x, y, z = np.float64(w), np.float64(x), np.float64(y), np.float64(z)
    shrink = 1.0 / max(sqrt(w * w + x * x + y * y + z * z), 1e-12)
    return (w * shrink, x * shrink, y * shrink, z * shrink), shrink


@inline_jit
def columns(quat: Any) -> Any:
    """The columns of the rotation matrix of a unit quaternion."""
    w, x, y, z = quat
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)),
        (2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)),
        (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)),
    )


@inline_jit
def clamp(slope: float, focal: float, center: float, size: int) -> Any:
    """A slope kept near the image, and 1 where it was near enough, else 0."""
    margin = FRUSTUM_MARGIN * 0.5 * size
    high, low = (size - center + margin) / focal, -(center + margin) / focal
    kept = max(min(slope, high), low)
    return kept, 1.0 if low <= slope <= high else 0.0


@inline_jit
def slopes_at(view: View, point: Any, grid: Grid) -> Slopes:
    """How pixels move with a camera-space point."""
    if grid.ortho:
        return Slopes(view.fx, 0.0, view.fy, 0.0, 0.0, 0.0, 0.0, 0.0)
    x, y, z = point
    u, u_free = clamp(x / z, view.fx, view.cx, grid.width)
    v, v_free = clamp(y / z, view.fy, view.cy, grid.height)
    return Slopes(
        view.fx / z, -view.fx * u / z, view.fy / z, -view.fy * v / z, u, v, u_free, v_free
    )


@inline_jit
def pixel_of(view: View, point: Any, ortho: bool) -> Any:
    """Where a camera-space point falls."""
    x, y, z = point
    share = 1.0 if ortho else 1.0 / z
    return view.fx * x * share + view.cx, view.fy * y * share + view.cy


@inline_jit
def gradients_of_pixel(view: View, slopes: Slopes) -> Any:
    """How the pixel's x and its y grow along the world's axes."""
    across = blend(view.right, slopes.xx, view.ahead, slopes.xz)
    return across, blend(view.down, slopes.yy, view.ahead, slopes.yz)


@inline_jit
def extents(slope: Any, turned: Any, scales: Any) -> Any:
    """How far the Gaussian's three half axes reach along a slope."""
    return (
        dot(slope, turned[0]) * scales[0],
        dot(slope, turned[1]) * scales[1],
        dot(slope, turned[2]) * scales[2],
    )


@inline_jit
def covariance(u: Any, v: Any) -> Any:
    """Entries xx, xy, yy of the widened 2D covariance, and its determinant."""
    xx, xy, yy = dot(u, u) + EPS2D, dot(u, v), dot(v, v) + EPS2D
    a, b, c = u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
    return xx, xy, yy, a * a + b * b + c * c + EPS2D * (xx + yy) - EPS2D * EPS2D
