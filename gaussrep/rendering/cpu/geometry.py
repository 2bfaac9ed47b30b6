"""Projection of one Gaussian into one camera, and its vector-Jacobian products, in float64.

A vector is a tuple of three scalars. `*_vjp` functions take gradients to what the function of that
name computes and return those to its inputs; gradients to the camera are added to an array.
"""

from math import inf, log, sqrt
from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import maximum, minimum
from gaussrep.rendering.conventions import EPS2D, FRUSTUM_MARGIN
from gaussrep.rendering.cpu.layout import M_X, M_XX, M_XY, M_Y, M_YY, Grid


class CameraParams(NamedTuple):
    """A camera: rows of its rotation, translation, and intrinsics in pixels."""

    right: tuple[float, float, float]
    down: tuple[float, float, float]
    ahead: tuple[float, float, float]
    offset: tuple[float, float, float]
    fx: float
    fy: float
    cx: float
    cy: float


class ProjectionJacobian(NamedTuple):
    """The local affine map at a camera-space point: d(pixel) / d(point).

    u and v are x / z and y / z, clamped to near the image; `u_free` and `v_free` are 1 where they
    are not clamped, else 0.
    """

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
    """Compute the inner product of two vectors."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@inline_jit
def combine(a: Any, x: float, b: Any, y: float) -> Any:
    """Compute `a x + b y` of two vectors."""
    return a[0] * x + b[0] * y, a[1] * x + b[1] * y, a[2] * x + b[2] * y


@inline_jit
def add(a: Any, b: Any) -> Any:
    """Add two vectors."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


@inline_jit
def add_matrices(a: Any, b: Any) -> Any:
    """Add two matrices of three columns."""
    return add(a[0], b[0]), add(a[1], b[1]), add(a[2], b[2])


@inline_jit
def multiply(a: Any, b: Any) -> Any:
    """Multiply two vectors element by element."""
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


@inline_jit
def weighted_sum(a: Any, weights: Any) -> Any:
    """Compute the weighted sum of three vectors."""
    return combine(combine(a[0], weights[0], a[1], weights[1]), 1.0, a[2], weights[2])


@inline_jit
def in_axes(axes: Any, a: Any) -> Any:
    """Compute the inner products of three vectors with one."""
    return dot(axes[0], a), dot(axes[1], a), dot(axes[2], a)


@inline_jit
def load_vector(array: np.ndarray, i: int, j: int) -> Any:
    """Load a vector from an array [·, ·, 3]."""
    return np.float64(array[i, j, 0]), np.float64(array[i, j, 1]), np.float64(array[i, j, 2])


@inline_jit
def _entries(matrices: np.ndarray, i: int, j: int, row: Any) -> Any:
    """Load the first three entries of a row of a matrix of [·, ·, ·, ·]."""
    return (
        np.float64(matrices[i, j, row, 0]),
        np.float64(matrices[i, j, row, 1]),
        np.float64(matrices[i, j, row, 2]),
    )


@inline_jit
def load_camera(viewmats: np.ndarray, Ks: np.ndarray, scene: int, view: int) -> CameraParams:
    """Load the camera of one view."""
    x, y, z = (
        np.float64(viewmats[scene, view, 0, 3]),
        np.float64(viewmats[scene, view, 1, 3]),
        np.float64(viewmats[scene, view, 2, 3]),
    )
    first = np.int64(0)  # constants would be three types
    fx, _, cx = _entries(Ks, scene, view, first)
    _, fy, cy = _entries(Ks, scene, view, first + 1)
    return CameraParams(
        _entries(viewmats, scene, view, first),
        _entries(viewmats, scene, view, first + 1),
        _entries(viewmats, scene, view, first + 2),
        (x, y, z),
        fx,
        fy,
        cx,
        cy,
    )


@inline_jit
def to_camera_space(camera: CameraParams, mean: Any) -> Any:
    """Transform a world point to camera space."""
    return (
        dot(camera.right, mean) + camera.offset[0],
        dot(camera.down, mean) + camera.offset[1],
        dot(camera.ahead, mean) + camera.offset[2],
    )


@inline_jit
def load_unit_quat(quats: np.ndarray, scene: int, n: int) -> Any:
    """Load and normalize a quaternion, as torch does; return one over its norm, too."""
    w, x, y, z = quats[scene, n, 0], quats[scene, n, 1], quats[scene, n, 2], quats[scene, n, 3]
    w, x, y, z = np.float64(w), np.float64(x), np.float64(y), np.float64(z)
    inverse_norm = 1.0 / maximum(sqrt(w * w + x * x + y * y + z * z), 1e-12)
    return (w * inverse_norm, x * inverse_norm, y * inverse_norm, z * inverse_norm), inverse_norm


@inline_jit
def rotation_columns(quat: Any) -> Any:
    """Compute the columns of the rotation matrix of a unit quaternion."""
    w, x, y, z = quat
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)),
        (2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)),
        (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)),
    )


@inline_jit
def clamp_to_frustum(slope: float, focal: float, center: float, size: int) -> Any:
    """Clamp x / z or y / z to near the image; return 1 where that changes nothing, else 0."""
    margin = FRUSTUM_MARGIN * 0.5 * size
    return clamp(slope, -(center + margin) / focal, (size - center + margin) / focal)


@inline_jit
def clamp(value: float, low: float, high: float) -> Any:
    """Clamp a value; return 1 where that changes nothing, else 0."""
    return maximum(minimum(value, high), low), 1.0 if low <= value <= high else 0.0


@inline_jit
def projection_jacobian(camera: CameraParams, point: Any, grid: Grid) -> ProjectionJacobian:
    """Compute the Jacobian of the projection at a camera-space point."""
    if grid.ortho:
        return ProjectionJacobian(camera.fx, 0.0, camera.fy, 0.0, 0.0, 0.0, 0.0, 0.0)
    x, y, z = point
    u, u_free = clamp_to_frustum(x / z, camera.fx, camera.cx, grid.width)
    v, v_free = clamp_to_frustum(y / z, camera.fy, camera.cy, grid.height)
    return ProjectionJacobian(
        camera.fx / z, -camera.fx * u / z, camera.fy / z, -camera.fy * v / z, u, v, u_free, v_free
    )


@inline_jit
def project_point(camera: CameraParams, point: Any, ortho: bool) -> Any:
    """Project a camera-space point to pixels."""
    x, y, z = point
    inverse = 1.0 if ortho else 1.0 / z
    return camera.fx * x * inverse + camera.cx, camera.fy * y * inverse + camera.cy


@inline_jit
def world_jacobian(camera: CameraParams, jacobian: ProjectionJacobian) -> Any:
    """Compute the rows of the Jacobian of the pixel's x and y by world coordinates."""
    row_x = combine(camera.right, jacobian.xx, camera.ahead, jacobian.xz)
    return row_x, combine(camera.down, jacobian.yy, camera.ahead, jacobian.yz)


@inline_jit
def project_axes(row: Any, axes: Any, scales: Any) -> Any:
    """Project the Gaussian's three scaled axes to a row of the Jacobian."""
    return (
        dot(row, axes[0]) * scales[0],
        dot(row, axes[1]) * scales[1],
        dot(row, axes[2]) * scales[2],
    )


@inline_jit
def _sharp_determinant(u: Any, v: Any) -> float:
    """Compute the determinant of the 2D covariance without blur: the squared area of u and v."""
    a, b, c = u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
    return a * a + b * b + c * c


@inline_jit
def blurred_covariance(u: Any, v: Any) -> Any:
    """Compute the entries xx, xy, yy of the blurred 2D covariance, and its determinant."""
    xx, xy, yy = dot(u, u) + EPS2D, dot(u, v), dot(v, v) + EPS2D
    return xx, xy, yy, _sharp_determinant(u, v) + EPS2D * (xx + yy) - EPS2D * EPS2D


@inline_jit
def log_compensation(u: Any, v: Any, covariance: Any) -> float:
    """Compute the logarithm of the factor on opacities that compensates for the blur."""
    sharp = _sharp_determinant(u, v)
    return 0.5 * log(sharp / covariance[3]) if sharp > 0.0 else -inf


@inline_jit
def compensation_vjp(grad: float, covariance: Any, u: Any, v: Any) -> Any:
    """Gradients to the projected axes u and v through `log_compensation`.

    The gradient of half the logarithm of a determinant to its matrix is half the inverse.
    """
    xx, xy, yy, determinant = covariance
    sharp = _sharp_determinant(u, v)
    by_sharp, by_blurred = grad / sharp, grad / determinant
    grad_xx = (yy - EPS2D) * by_sharp - yy * by_blurred
    grad_xy = xy * by_blurred - xy * by_sharp
    grad_yy = (xx - EPS2D) * by_sharp - xx * by_blurred
    return combine(u, grad_xx, v, grad_xy), combine(v, grad_yy, u, grad_xy)


@inline_jit
def mean2d_vjp(total: np.ndarray, covariance: Any) -> Any:
    """Gradient to the center in pixels: the inverse covariance times the first moments."""
    xx, xy, yy, determinant = covariance
    m_x, m_y, inverse = np.float64(total[M_X]), np.float64(total[M_Y]), 1.0 / determinant
    return (yy * m_x - xy * m_y) * inverse, (xx * m_y - xy * m_x) * inverse


@inline_jit
def covariance_vjp(total: np.ndarray, covariance: Any, u: Any, v: Any) -> Any:
    """Gradients to the projected axes u and v through `blurred_covariance`.

    The exponent is -½ dᵀ C⁻¹ d, so that the gradient to C is ½ C⁻¹ M C⁻¹ with the second moments M.
    """
    xx, xy, yy, determinant = covariance
    inverse = 1.0 / determinant
    a, b, c = yy * inverse, -xy * inverse, xx * inverse
    mxx, mxy, myy = np.float64(total[M_XX]), np.float64(total[M_XY]), np.float64(total[M_YY])
    p, q = a * mxx + b * mxy, a * mxy + b * myy
    r, s = b * mxx + c * mxy, b * mxy + c * myy
    grad_xx, grad_xy, grad_yy = p * a + q * b, p * b + q * c, r * b + s * c
    return combine(u, grad_xx, v, grad_xy), combine(v, grad_yy, u, grad_xy)


RIGHT, DOWN, AHEAD, OFFSET, FX, FY, CX, CY, POSITION, LENS = 0, 3, 6, 9, 12, 13, 14, 15, 16, 19
"""Indices of a camera's gradients."""


@inline_jit
def accumulate(sums: np.ndarray, start: int, a: Any, x: float) -> None:
    """Add `a x` to three sums."""
    sums[start] += a[0] * x
    sums[start + 1] += a[1] * x
    sums[start + 2] += a[2] * x


@inline_jit
def rotation_vjp(
    camera: CameraParams,
    jacobian: ProjectionJacobian,
    grad_row_x: Any,
    grad_row_y: Any,
    sums: np.ndarray,
    at: int,
) -> None:
    """Add the gradients to the rotation through `world_jacobian`."""
    accumulate(sums, at + RIGHT, grad_row_x, jacobian.xx)
    accumulate(sums, at + DOWN, grad_row_y, jacobian.yy)
    accumulate(sums, at + AHEAD, combine(grad_row_x, jacobian.xz, grad_row_y, jacobian.yz), 1.0)


@inline_jit
def point_vjp(
    camera: CameraParams, point: Any, grad_pixel: Any, ortho: bool, sums: np.ndarray, at: int
) -> Any:
    """Gradient to the camera-space point through `project_point`."""
    x, y, z = point
    inverse = 1.0 if ortho else 1.0 / z
    sums[at + FX] += grad_pixel[0] * x * inverse
    sums[at + FY] += grad_pixel[1] * y * inverse
    sums[at + CX] += grad_pixel[0]
    sums[at + CY] += grad_pixel[1]
    grad_x, grad_y = grad_pixel[0] * camera.fx * inverse, grad_pixel[1] * camera.fy * inverse
    return grad_x, grad_y, 0.0 if ortho else -(grad_x * x + grad_y * y) * inverse


@inline_jit
def jacobian_vjp(
    camera: CameraParams,
    point: Any,
    jacobian: ProjectionJacobian,
    grad_row_x: Any,
    grad_row_y: Any,
    ortho: bool,
    sums: np.ndarray,
    at: int,
) -> Any:
    """Gradient to the camera-space point through `projection_jacobian`."""
    grad_xx, grad_yy = dot(grad_row_x, camera.right), dot(grad_row_y, camera.down)
    if ortho:
        sums[at + FX] += grad_xx
        sums[at + FY] += grad_yy
        return 0.0, 0.0, 0.0
    grad_xz, grad_yz = dot(grad_row_x, camera.ahead), dot(grad_row_y, camera.ahead)
    x, y, z = point
    grad_x, z_by_x = _jacobian_axis_vjp(
        x, z, camera.fx, jacobian.u, jacobian.u_free, grad_xx, grad_xz, sums, at
    )
    grad_y, z_by_y = _jacobian_axis_vjp(
        y, z, camera.fy, jacobian.v, jacobian.v_free, grad_yy, grad_yz, sums, at + 1
    )
    return grad_x, grad_y, z_by_x + z_by_y


@inline_jit
def _jacobian_axis_vjp(
    x: float,
    z: float,
    focal: float,
    u: float,
    free: float,
    grad_flat: float,
    grad_deep: float,
    sums: np.ndarray,
    at: int,
) -> Any:
    """Gradients to x and z through focal / z and -focal u / z, u being clamped x / z."""
    inverse = 1.0 / z
    by_u = -grad_deep * inverse
    clamped = (1.0 - free) * by_u
    sums[at + FX] += (grad_flat - grad_deep * u) * inverse - clamped * u
    sums[at + CX] -= clamped
    grad_x = free * by_u * focal * inverse
    return grad_x, (grad_deep * u - grad_flat) * focal * inverse * inverse - grad_x * x * inverse


@inline_jit
def world_vjp(camera: CameraParams, mean: Any, grad_point: Any, sums: np.ndarray, at: int) -> Any:
    """Gradient to the world point through `to_camera_space`."""
    accumulate(sums, at + RIGHT, mean, grad_point[0])
    accumulate(sums, at + DOWN, mean, grad_point[1])
    accumulate(sums, at + AHEAD, mean, grad_point[2])
    accumulate(sums, at + OFFSET, grad_point, 1.0)
    return weighted_sum((camera.right, camera.down, camera.ahead), grad_point)


@inline_jit
def quaternion_vjp(grad_axes: Any, quat: Any, inverse_norm: float) -> Any:
    """Gradient to a quaternion of any length through its rotation matrix.

    Args:
        grad_axes: Gradients to the columns of the matrix.
        quat: The quaternion, normalized.
        inverse_norm: One over its norm before.

    Returns:
        The gradient, orthogonal to the quaternion.
    """
    w, x, y, z = quat
    (m00, m10, m20), (m01, m11, m21), (m02, m12, m22) = grad_axes
    grad_w = 2 * (x * (m21 - m12) + y * (m02 - m20) + z * (m10 - m01))
    grad_x = 2 * (y * (m01 + m10) + z * (m02 + m20) + w * (m21 - m12) - 2 * x * (m11 + m22))
    grad_y = 2 * (x * (m01 + m10) + z * (m12 + m21) + w * (m02 - m20) - 2 * y * (m00 + m22))
    grad_z = 2 * (x * (m02 + m20) + y * (m12 + m21) + w * (m10 - m01) - 2 * z * (m00 + m11))
    along = w * grad_w + x * grad_x + y * grad_y + z * grad_z
    return (
        (grad_w - w * along) * inverse_norm,
        (grad_x - x * along) * inverse_norm,
        (grad_y - y * along) * inverse_norm,
        (grad_z - z * along) * inverse_norm,
    )
