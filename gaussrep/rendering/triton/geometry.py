"""Projection of Gaussians into one camera, and its vector-Jacobian products; one per lane.

A vector is a tuple of three tensors. `*_vjp` functions take gradients to what the function of that
name computes and return those to its inputs.
"""

from triton import language as tl

from gaussrep.rendering.triton.jit import inline_jit
from gaussrep.rendering.triton.layout import EPS2D, FRUSTUM_MARGIN


@inline_jit
def dot(a, b):
    """Compute the inner product of two vectors."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@inline_jit
def add(a, b):
    """Add two vectors."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


@inline_jit
def scale(a, x):
    """Multiply a vector by a number."""
    return a[0] * x, a[1] * x, a[2] * x


@inline_jit
def multiply(a, b):
    """Multiply two vectors element by element."""
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


@inline_jit
def combine(a, x, b, y):
    """Compute `a x + b y` of two vectors."""
    return a[0] * x + b[0] * y, a[1] * x + b[1] * y, a[2] * x + b[2] * y


@inline_jit
def cross(a, b):
    """Compute the cross product of two vectors."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@inline_jit
def weighted_sum(a, b, c, weights):
    """Compute the weighted sum of three vectors."""
    return add(combine(a, weights[0], b, weights[1]), scale(c, weights[2]))


@inline_jit
def load_vector(pointer, at, mask):
    """Load vectors from an array [·, 3]."""
    x = tl.load(pointer + at * 3, mask=mask, other=0.0)
    y = tl.load(pointer + at * 3 + 1, mask=mask, other=0.0)
    z = tl.load(pointer + at * 3 + 2, mask=mask, other=0.0)
    return x, y, z


@inline_jit
def store_vector(pointer, at, vector, mask):
    """Store vectors to an array [·, 3]."""
    tl.store(pointer + at * 3, vector[0], mask=mask)
    tl.store(pointer + at * 3 + 1, vector[1], mask=mask)
    tl.store(pointer + at * 3 + 2, vector[2], mask=mask)


@inline_jit
def load_unit_quat(pointer, at, mask):
    """Load and normalize quaternions, as torch does; return one over their norm, too."""
    w = tl.load(pointer + at * 4, mask=mask, other=1.0)
    x = tl.load(pointer + at * 4 + 1, mask=mask, other=0.0)
    y = tl.load(pointer + at * 4 + 2, mask=mask, other=0.0)
    z = tl.load(pointer + at * 4 + 3, mask=mask, other=0.0)
    inverse = 1.0 / tl.maximum(tl.sqrt(w * w + x * x + y * y + z * z), 1e-12)
    return (w * inverse, x * inverse, y * inverse, z * inverse), inverse


@inline_jit
def load_row(pointer, at):
    """Load three consecutive entries of a matrix."""
    return tl.load(pointer + at), tl.load(pointer + at + 1), tl.load(pointer + at + 2)


@inline_jit
def load_camera(viewmats, Ks, image):
    """Load a camera: rows of its rotation, translation, and fx, fy, cx, cy in pixels."""
    view, K = image * 16, Ks + image * 9
    offset = (
        tl.load(viewmats + view + 3),
        tl.load(viewmats + view + 7),
        tl.load(viewmats + view + 11),
    )
    right, down = load_row(viewmats, view), load_row(viewmats, view + 4)
    ahead = load_row(viewmats, view + 8)
    intrinsics = tl.load(K), tl.load(K + 4), tl.load(K + 2), tl.load(K + 5)
    return right, down, ahead, offset, intrinsics


@inline_jit
def to_camera_space(camera, mean):
    """Transform world points to camera space."""
    right, down, ahead, offset, _ = camera
    return add((dot(right, mean), dot(down, mean), dot(ahead, mean)), offset)


@inline_jit
def rotation_columns(quat):
    """Compute the columns of the rotation matrix of a unit quaternion."""
    w, x, y, z = quat
    a = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)
    b = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
    c = 2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)
    return a, b, c


@inline_jit
def clamp_to_frustum(slope, focal, center, size):
    """Clamp x / z or y / z to near the image; return 1 where that changes nothing, else 0."""
    margin = size * (0.5 * FRUSTUM_MARGIN)
    high, low = (size - center + margin) / focal, -(center + margin) / focal
    kept = tl.maximum(tl.minimum(slope, high), low)
    return kept, tl.where((slope >= low) & (slope <= high), 1.0, 0.0)


@inline_jit
def project_point(camera, point, ORTHO: tl.constexpr):
    """Project camera-space points to pixels."""
    fx, fy, cx, cy = camera[4]
    if ORTHO:
        x, y = fx * point[0] + cx, fy * point[1] + cy
    else:
        x, y = fx * (point[0] / point[2]) + cx, fy * (point[1] / point[2]) + cy
    return x, y


@inline_jit
def projection_jacobian(camera, point, width, height, ORTHO: tl.constexpr):
    """Compute the entries xx, xz, yy, yz of d(pixel) / d(point), and clamped slopes.

    The slopes u and v are x / z and y / z, clamped to near the image; the last two results are 1
    where they are not clamped, else 0.
    """
    fx, fy, cx, cy = camera[4]
    x, y, z = point
    zero = x * 0.0
    if ORTHO:
        jacobian = fx + zero, zero, fy + zero, zero, zero, zero, zero, zero
    else:
        u, u_free = clamp_to_frustum(x / z, fx, cx, width)
        v, v_free = clamp_to_frustum(y / z, fy, cy, height)
        jacobian = fx / z, -fx * u / z, fy / z, -fy * v / z, u, v, u_free, v_free
    return jacobian


@inline_jit
def world_jacobian(camera, jacobian):
    """Compute the rows of the Jacobian of the pixel's x and y by world coordinates."""
    right, down, ahead, _, _ = camera
    row_x = combine(right, jacobian[0], ahead, jacobian[1])
    return row_x, combine(down, jacobian[2], ahead, jacobian[3])


@inline_jit
def project_axes(row, axes, scales):
    """Project the Gaussians' three scaled axes to a row of the Jacobian."""
    return multiply((dot(row, axes[0]), dot(row, axes[1]), dot(row, axes[2])), scales)


@inline_jit
def sharp_determinant(u, v):
    """Compute the determinant of the 2D covariance without blur: the squared area of u and v."""
    a, b, c = u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
    return a * a + b * b + c * c


@inline_jit
def blurred_covariance(u, v):
    """Compute the entries xx, xy, yy of the blurred 2D covariance, and its determinant."""
    xx, xy, yy = dot(u, u) + EPS2D, dot(u, v), dot(v, v) + EPS2D
    return xx, xy, yy, sharp_determinant(u, v) + (xx + yy) * EPS2D - EPS2D * EPS2D


@inline_jit
def log2_compensation(u, v, covariance):
    """Compute the binary logarithm of the factor on opacities that compensates for the blur."""
    sharp = sharp_determinant(u, v)
    return tl.where(sharp > 0.0, 0.5 * tl.log2(tl.maximum(sharp, 1e-37) / covariance[3]), -1e30)


@inline_jit
def compensation_vjp(grad, u, v, covariance):
    """Gradients to the projected axes u and v through the logarithm of the compensation.

    The gradient of half the logarithm of a determinant to its matrix is half the inverse.
    """
    xx, xy, yy, determinant = covariance
    sharp = tl.maximum(sharp_determinant(u, v), 1e-37)
    grad_xx = grad * ((yy - EPS2D) / sharp - yy / determinant)
    grad_xy = grad * (xy / determinant - xy / sharp)
    grad_yy = grad * ((xx - EPS2D) / sharp - xx / determinant)
    return combine(u, grad_xx, v, grad_xy), combine(v, grad_yy, u, grad_xy)


@inline_jit
def mean2d_vjp(m_x, m_y, covariance):
    """Gradient to the center in pixels: the inverse covariance times the first moments."""
    xx, xy, yy, determinant = covariance
    return (yy * m_x - xy * m_y) / determinant, (xx * m_y - xy * m_x) / determinant


@inline_jit
def covariance_vjp(m_xx, m_xy, m_yy, u, v, covariance):
    """Gradients to the projected axes u and v through `blurred_covariance`.

    The exponent is -½ dᵀ C⁻¹ d, so that the gradient to C is ½ C⁻¹ M C⁻¹ with the second moments M.
    """
    xx, xy, yy, determinant = covariance
    a, b, c = yy / determinant, -xy / determinant, xx / determinant
    p, q = a * m_xx + b * m_xy, a * m_xy + b * m_yy
    r, s = b * m_xx + c * m_xy, b * m_xy + c * m_yy
    grad_xx, grad_xy, grad_yy = p * a + q * b, p * b + q * c, r * b + s * c
    return combine(u, grad_xx, v, grad_xy), combine(v, grad_yy, u, grad_xy)


@inline_jit
def point_vjp(camera, point, grad_pixel, ORTHO: tl.constexpr):
    """Gradients to camera-space point and fx, fy, cx, cy through `project_point`."""
    fx, fy, _, _ = camera[4]
    x, y, z = point
    inverse = x * 0.0 + 1.0
    if not ORTHO:
        inverse = 1.0 / z
    grad_x, grad_y = grad_pixel[0] * fx * inverse, grad_pixel[1] * fy * inverse
    grad_z = x * 0.0
    if not ORTHO:
        grad_z = -(grad_x * x + grad_y * y) * inverse
    grad_fx, grad_fy = grad_pixel[0] * x * inverse, grad_pixel[1] * y * inverse
    return (grad_x, grad_y, grad_z), (grad_fx, grad_fy, grad_pixel[0], grad_pixel[1])


@inline_jit
def jacobian_axis_vjp(x, z, focal, u, free, grad_flat, grad_deep):
    """Gradients to x, z, focal length and center through focal / z and -focal u / z.

    u is x / z, clamped where `free` is 0.
    """
    grad_u = -grad_deep * focal / z
    clamped = (1.0 - free) * grad_u / focal
    grad_focal = (grad_flat - grad_deep * u) / z - clamped * u
    grad_z = (grad_deep * u - grad_flat) * focal / z - free * grad_u * x / z
    return free * grad_u / z, grad_z / z, grad_focal, -clamped


@inline_jit
def jacobian_vjp(camera, point, jacobian, grad_row_x, grad_row_y, ORTHO: tl.constexpr):
    """Gradients to camera-space point and fx, fy, cx, cy through `projection_jacobian`."""
    right, down, ahead, _, intrinsics = camera
    x, y, z = point
    grad_xx, grad_yy = dot(grad_row_x, right), dot(grad_row_y, down)
    zero = x * 0.0
    if ORTHO:
        grads = (zero, zero, zero), (grad_xx, grad_yy, zero, zero)
    else:
        grad_xz, grad_yz = dot(grad_row_x, ahead), dot(grad_row_y, ahead)
        grad_x, z_by_x, grad_fx, grad_cx = jacobian_axis_vjp(
            x, z, intrinsics[0], jacobian[4], jacobian[6], grad_xx, grad_xz
        )
        grad_y, z_by_y, grad_fy, grad_cy = jacobian_axis_vjp(
            y, z, intrinsics[1], jacobian[5], jacobian[7], grad_yy, grad_yz
        )
        grads = (grad_x, grad_y, z_by_x + z_by_y), (grad_fx, grad_fy, grad_cx, grad_cy)
    return grads


@inline_jit
def quaternion_vjp(grad_a, grad_b, grad_c, quat, inverse):
    """Gradient to quaternions of any length through the columns of their rotation matrices."""
    w, x, y, z = quat
    m00, m10, m20 = grad_a
    m01, m11, m21 = grad_b
    m02, m12, m22 = grad_c
    gw = 2.0 * (x * (m21 - m12) + y * (m02 - m20) + z * (m10 - m01))
    gx = 2.0 * (y * (m01 + m10) + z * (m02 + m20) + w * (m21 - m12) - 2.0 * x * (m11 + m22))
    gy = 2.0 * (x * (m01 + m10) + z * (m12 + m21) + w * (m02 - m20) - 2.0 * y * (m00 + m22))
    gz = 2.0 * (x * (m02 + m20) + y * (m12 + m21) + w * (m10 - m01) - 2.0 * z * (m00 + m11))
    along = w * gw + x * gx + y * gy + z * gz
    return (
        (gw - w * along) * inverse,
        (gx - x * along) * inverse,
        (gy - y * along) * inverse,
        (gz - z * along) * inverse,
    )
