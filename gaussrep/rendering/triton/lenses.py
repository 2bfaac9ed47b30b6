"""Projection of points through a lens, and its vector-Jacobian product; one per lane.

Both lenses are functions of the slopes u = x / z and v = y / z, see `gaussrep.rendering.lenses`: a
radial factor F(q) of q = u² + v² multiplies them, and `opencv` adds a tangential part. For
`fisheye`, F(q) = θ (1 + k1 θ² + …) / √q with θ = atan √q; in single precision, its derivatives by q
keep their accuracy at the axis and far from it. `LENS` is the number of coefficients, 4 for
`fisheye` and 8 for `opencv`; a lens is a tuple of its coefficients and one of its bounds.
"""

from math import pi

from triton import language as tl

from gaussrep.rendering.lens_limits import NEWTON_STEPS
from gaussrep.rendering.triton.jit import inline_jit, kernel
from gaussrep.rendering.triton.layout import BOUNDS_SIZE, FRUSTUM_MARGIN

STEPS = tl.constexpr(NEWTON_STEPS)
PLACES = tl.constexpr(16)
"""Lanes for the nine corners, sides and middle of an image."""
FARTHEST_STEP = tl.constexpr(0.5)
"""Largest change of a slope in one step of Newton's method."""
TERMS = tl.constexpr(12)
"""Terms of the series of the arctangent."""
SERIES_END = tl.constexpr(0.17)
"""Square of the slope up to which derivatives are those of the series."""
EIGHTH_TURN = tl.constexpr(0.25 * pi)
QUARTER_TURN = tl.constexpr(0.5 * pi)
UNLIMITED = tl.constexpr(1e20)
"""Bound of slopes that is none."""
MIDDLE = tl.constexpr(2**0.5 - 1)
"""Slope of a sixteenth of a turn."""


@kernel
def find_bounds(
    distortion,
    Ks,
    angles,
    slopes,
    bounds,
    width,
    height,
    LENS: tl.constexpr,
    SAMPLES: tl.constexpr,
):
    """Find the slopes that lenses show, in double precision; one program takes an image.

    Args:
        distortion: Coefficients, [I, LENS].
        Ks: Intrinsics in pixels, [I, 3, 3].
        angles: Angles off the axis at which a lens is examined, float64 [SAMPLES].
        slopes: Their tangents.
        bounds: Output, [I, BOUNDS_SIZE]: the slope up to which the radius grows, and smallest and
            largest u, and v, at which the Jacobian of `opencv` is taken.
        width: Image width in pixels.
        height: Image height in pixels.
        LENS: Number of coefficients.
        SAMPLES: Number of angles.
    """
    image = tl.program_id(0).to(tl.int64)
    lens = load_coefficients(distortion, image, tl.float64, LENS)
    n = tl.arange(0, SAMPLES)
    bound = bounds + image * BOUNDS_SIZE
    if LENS == 4:
        angle = tl.load(angles + n)
        square = angle * angle
        polynomial, polynomial_1, _ = power_series(square, lens)
        rises = polynomial + square * polynomial_1 * 2.0 > 0.0
        tl.store(bound + 1, -UNLIMITED)
        tl.store(bound + 2, UNLIMITED)
        tl.store(bound + 3, -UNLIMITED)
        tl.store(bound + 4, UNLIMITED)
    else:
        radius, below = radius_at(tl.load(slopes + n), lens)
        before, _ = radius_at(tl.load(slopes + tl.maximum(n - 1, 0)), lens)
        rises = ((radius > before) | (n == 0)) & (below > 0.0)
        K = Ks + image * 9
        fx, cx = tl.load(K).to(tl.float64), tl.load(K + 2).to(tl.float64)
        fy, cy = tl.load(K + 4).to(tl.float64), tl.load(K + 5).to(tl.float64)
        place = tl.minimum(tl.arange(0, PLACES), 8)
        across, along = (width * 0.5).to(tl.float64), (height * 0.5).to(tl.float64)
        bent_x, bent_y = ((place % 3) * across - cx) / fx, ((place // 3) * along - cy) / fy
        u, v = straighten(bent_x, bent_y, lens)
        wide, high = across * FRUSTUM_MARGIN / fx, along * FRUSTUM_MARGIN / fy
        tl.store(bound + 1, (tl.min(u, 0) - wide).to(tl.float32))
        tl.store(bound + 2, (tl.max(u, 0) + wide).to(tl.float32))
        tl.store(bound + 3, (tl.min(v, 0) - high).to(tl.float32))
        tl.store(bound + 4, (tl.max(v, 0) + high).to(tl.float32))
    fall = tl.min(tl.where(rises, SAMPLES, n), 0)
    widest = tl.load(slopes + tl.maximum(fall - 1, 0)).to(tl.float32)
    tl.store(bound, tl.where(fall < SAMPLES, widest, UNLIMITED))


@inline_jit
def load_coefficients(distortion, image, dtype: tl.constexpr, LENS: tl.constexpr):
    """Load the coefficients of one image."""
    found = (tl.load(distortion + image * LENS).to(dtype),)
    for k in tl.static_range(1, LENS):  # pyright: ignore[reportGeneralTypeIssues]
        found = found + (tl.load(distortion + image * LENS + k).to(dtype),)
    return found


@inline_jit
def load_lens(distortion, bounds, image, LENS: tl.constexpr):
    """Load coefficients and bounds of one image."""
    bound = bounds + image * BOUNDS_SIZE
    limits = (
        tl.load(bound),
        tl.load(bound + 1),
        tl.load(bound + 2),
        tl.load(bound + 3),
        tl.load(bound + 4),
    )
    return load_coefficients(distortion, image, tl.float32, LENS), limits


@inline_jit
def radius_at(slope, lens):
    """Radius at a slope without the tangential part of `opencv`, and the denominator."""
    k1, k2, _, _, k3, k4, k5, k6 = lens
    q = slope * slope
    below = q * (q * (q * k6 + k5) + k4) + 1.0
    return slope * (q * (q * (q * k3 + k2) + k1) + 1.0) / below, below


@inline_jit
def straighten(bent_x, bent_y, lens):
    """Invert `bend` of `opencv` by Newton's method."""
    u, v = bent_x, bent_y
    for _ in range(STEPS):
        found_x, found_y, xx, xy, yy = bend(u, v, lens, 8)
        determinant = xx * yy - xy * xy
        rest_x, rest_y = bent_x - found_x, bent_y - found_y
        u += bounded_step((yy * rest_x - xy * rest_y) / determinant)
        v += bounded_step((xx * rest_y - xy * rest_x) / determinant)
    return u, v


@inline_jit
def bounded_step(step):
    """Limit a step of Newton's method; none where it is not a number."""
    bounded = tl.maximum(tl.minimum(step, FARTHEST_STEP), -FARTHEST_STEP)
    return tl.where(step == step, bounded, 0.0)


@inline_jit
def is_within(lens, point):
    """Check which camera-space points a lens shows at a place of their own."""
    x, y, z = point
    return tl.sqrt(x * x + y * y) <= lens[1][0] * z


@inline_jit
def power_series(h, lens):
    """Compute 1 + k1 h + k2 h² + k3 h³ + k4 h⁴ of `fisheye`, and its first two derivatives."""
    k1, k2, k3, k4 = lens
    return (
        h * (h * (h * (h * k4 + k3) + k2) + k1) + 1.0,
        h * (h * (h * k4 * 4.0 + k3 * 3.0) + k2 * 2.0) + k1,
        h * (h * k4 * 12.0 + k3 * 6.0) + k2 * 2.0,
    )


@inline_jit
def arctangent(q):
    """Compute A(q) = atan(√q) / √q, and its first two derivatives by q.

    Larger slopes are reduced by atan t = π/2 - atan 1/t and atan t = π/4 - atan (1 - t)/(1 + t).
    """
    t = tl.sqrt(q)
    reflected = tl.minimum(t, 1.0 / tl.maximum(t, 1e-30))
    is_middle = reflected > MIDDLE
    reduced = tl.where(is_middle, (1.0 - reflected) / (1.0 + reflected), reflected)
    w = -(reduced * reduced)
    series, first, second = w * 0.0, w * 0.0, w * 0.0
    for k in tl.static_range(TERMS):  # pyright: ignore[reportGeneralTypeIssues]
        second = second * w + first
        first = first * w + series
        series = series * w + 1.0 / (2 * (TERMS - 1 - k) + 1)
    angle = reduced * series
    angle = tl.where(is_middle, EIGHTH_TURN - angle, angle)
    angle = tl.where(t > 1.0, QUARTER_TURN - angle, angle)
    is_series = q < SERIES_END
    square, inverse = tl.where(is_series, 1.0, q), 1.0 / (q + 1.0)
    found = tl.where(is_series, series, angle / tl.sqrt(square))
    found_1 = tl.where(is_series, -first, (inverse - found) / (square * 2.0))
    far = -(inverse * inverse + found_1 * 3.0) / (square * 2.0)
    return found, found_1, tl.where(is_series, second * 2.0, far)


@inline_jit
def fisheye_parts(q):
    """Compute A and its first two derivatives, and θ² and its first two."""
    a, a_1, a_2 = arctangent(q)
    inverse = 1.0 / (q + 1.0)
    return a, a_1, a_2, q * a * a, a * inverse, (a_1 - a * inverse) * inverse


@inline_jit
def radial(q, lens, LENS: tl.constexpr):
    """Compute the radial factor at a squared slope, and its first two derivatives."""
    if LENS == 4:
        a, a_1, a_2, h, h_1, h_2 = fisheye_parts(q)
        p, p_1, p_2 = power_series(h, lens)
        factor = a * p
        slope = a_1 * p + a * p_1 * h_1
        curvature = a_2 * p + a_1 * p_1 * h_1 * 2.0 + a * (p_2 * h_1 * h_1 + p_1 * h_2)
    else:
        k1, k2, _, _, k3, k4, k5, k6 = lens
        below = q * (q * (q * k6 + k5) + k4) + 1.0
        above_1, below_1 = q * (q * k3 * 3.0 + k2 * 2.0) + k1, q * (q * k6 * 3.0 + k5 * 2.0) + k4
        above_2, below_2 = q * k3 * 6.0 + k2 * 2.0, q * k6 * 6.0 + k5 * 2.0
        factor = (q * (q * (q * k3 + k2) + k1) + 1.0) / below
        slope = (above_1 - factor * below_1) / below
        curvature = (above_2 - slope * below_1 * 2.0 - factor * below_2) / below
    return factor, slope, curvature


@inline_jit
def bend(u, v, lens, LENS: tl.constexpr):
    """Distort slopes; return the entries xx, xy, yy of the Jacobian, too."""
    q = u * u + v * v
    factor, slope, _ = radial(q, lens, LENS)
    x, y = u * factor, v * factor
    xx, xy, yy = u * u * slope * 2.0 + factor, u * v * slope * 2.0, v * v * slope * 2.0 + factor
    if LENS == 8:
        p1, p2 = lens[2], lens[3]
        x += u * v * p1 * 2.0 + (q + u * u * 2.0) * p2
        y += (q + v * v * 2.0) * p1 + u * v * p2 * 2.0
        xx += v * p1 * 2.0 + u * p2 * 6.0
        xy += u * p1 * 2.0 + v * p2 * 2.0
        yy += v * p1 * 6.0 + u * p2 * 2.0
    return x, y, xx, xy, yy


@inline_jit
def clamp_slopes(u, v, limits):
    """Clamp slopes to near the image; then come 1 where that changes nothing, else 0."""
    _, left, right, top, bottom = limits
    across = tl.maximum(tl.minimum(u, right), left)
    along = tl.maximum(tl.minimum(v, bottom), top)
    return across, along, tl.where(across == u, 1.0, 0.0), tl.where(along == v, 1.0, 0.0)


@inline_jit
def project_point(lens, point, LENS: tl.constexpr):
    """Project camera-space points by a focal length of 1; return the rows of the Jacobian, too.

    The Jacobian is that at a slope near the image.
    """
    x, y, z = point
    u, v, _, _ = clamp_slopes(x / z, y / z, lens[1])
    place_x, place_y, _, _, _ = bend(x / z, y / z, lens[0], LENS)
    _, _, xx, xy, yy = bend(u, v, lens[0], LENS)
    row_x = xx / z, xy / z, -(xx * u + xy * v) / z
    return (place_x, place_y), row_x, (xy / z, yy / z, -(xy * u + yy * v) / z)


@inline_jit
def point_vjp(lens, point, grad_place, grad_row_x, grad_row_y, LENS: tl.constexpr):
    """Gradients to camera-space points and coefficients through `project_point`.

    The bounds are constants.
    """
    x, y, z = point
    inverse = 1.0 / z
    k, limits = lens
    u, v, u_free, v_free = clamp_slopes(x * inverse, y * inverse, limits)
    _, _, xx, xy, yy = bend(u, v, k, LENS)
    deep_x, deep_y = grad_row_x[2], grad_row_y[2]
    across = grad_row_x[1] + grad_row_y[0]
    grad_matrix = (
        (grad_row_x[0] - deep_x * u) * inverse,
        (across - deep_x * v - deep_y * u) * inverse,
        (grad_row_y[1] - deep_y * v) * inverse,
    )
    grad_z = deep_x * (xx * u + xy * v) + deep_y * (xy * u + yy * v)
    grad_z -= grad_row_x[0] * xx + across * xy + grad_row_y[1] * yy
    by_u, by_v, for_matrix = bend_matrix_vjp(u, v, k, grad_matrix, LENS)
    by_u -= (deep_x * xx + deep_y * xy) * inverse
    by_v -= (deep_x * xy + deep_y * yy) * inverse
    by_x, by_y, for_place = bend_vjp(x * inverse, y * inverse, k, grad_place, LENS)
    grad_x, grad_y = (by_x + u_free * by_u) * inverse, (by_y + v_free * by_v) * inverse
    grad_z = grad_z * inverse - grad_x * x - grad_y * y
    return (grad_x, grad_y, grad_z * inverse), add_coefficients(for_matrix, for_place, LENS)


@inline_jit
def bend_vjp(u, v, lens, grad, LENS: tl.constexpr):
    """Gradients to slopes and coefficients through the slopes that `bend` returns."""
    _, _, xx, xy, yy = bend(u, v, lens, LENS)
    q = u * u + v * v
    tangential = (
        grad[0] * u * v * 2.0 + grad[1] * (q + v * v * 2.0),
        grad[0] * (q + u * u * 2.0) + grad[1] * u * v * 2.0,
    )
    radials = radial_vjp(q, lens, grad[0] * u + grad[1] * v, u * 0.0, LENS)
    by_u, by_v = grad[0] * xx + grad[1] * xy, grad[0] * xy + grad[1] * yy
    return by_u, by_v, order_coefficients(radials, tangential, LENS)


@inline_jit
def bend_matrix_vjp(u, v, lens, grad, LENS: tl.constexpr):
    """Gradients to slopes and coefficients through the Jacobian that `bend` returns."""
    grad_xx, grad_xy, grad_yy = grad
    q = u * u + v * v
    _, slope, curvature = radial(q, lens, LENS)
    grad_factor = grad_xx + grad_yy
    grad_slope = (grad_xx * u * u + grad_xy * u * v + grad_yy * v * v) * 2.0
    grad_q = (grad_factor * slope + grad_slope * curvature) * 2.0
    by_u = (grad_xx * u * 2.0 + grad_xy * v) * slope * 2.0 + u * grad_q
    by_v = (grad_yy * v * 2.0 + grad_xy * u) * slope * 2.0 + v * grad_q
    if LENS == 8:
        p1, p2 = lens[2], lens[3]
        by_u += (grad_xx * p2 * 3.0 + grad_xy * p1 + grad_yy * p2) * 2.0
        by_v += (grad_yy * p1 * 3.0 + grad_xy * p2 + grad_xx * p1) * 2.0
    tangential = (
        (grad_xx * v + grad_xy * u + grad_yy * v * 3.0) * 2.0,
        (grad_xx * u * 3.0 + grad_xy * v + grad_yy * u) * 2.0,
    )
    radials = radial_vjp(q, lens, grad_factor, grad_slope, LENS)
    return by_u, by_v, order_coefficients(radials, tangential, LENS)


@inline_jit
def radial_vjp(q, lens, grad_factor, grad_slope, LENS: tl.constexpr):
    """Gradients to k1, k2 … through the radial factor and its derivative."""
    if LENS == 4:
        a, a_1, _, h, h_1, _ = fisheye_parts(q)
        rise, along = a * h_1, (grad_factor * a + grad_slope * a_1) * h
        found = (
            along + grad_slope * rise,
            (along + grad_slope * rise * 2.0) * h,
            (along + grad_slope * rise * 3.0) * h * h,
            (along + grad_slope * rise * 4.0) * h * h * h,
        )
    else:
        factor, slope, _ = radial(q, lens, LENS)
        below = q * (q * (q * lens[7] + lens[6]) + lens[5]) + 1.0
        below_1 = q * (q * lens[7] * 3.0 + lens[6] * 2.0) + lens[5]
        above = (grad_factor - grad_slope * below_1 / below) / below
        rise = grad_slope / below
        a, b, c = above * q + rise, (above * q + rise * 2.0) * q, (above * q + rise * 3.0) * q * q
        change = grad_slope * slope / below * q
        found = (
            a,
            b,
            c,
            -(a * factor + change),
            -(b * factor + change * q),
            -(c * factor + change * q * q),
        )
    return found


@inline_jit
def order_coefficients(radials, tangential, LENS: tl.constexpr):
    """Put gradients to coefficients in their order."""
    if LENS == 4:
        found = radials
    else:
        k1, k2, k3, k4, k5, k6 = radials
        found = k1, k2, tangential[0], tangential[1], k3, k4, k5, k6
    return found


@inline_jit
def add_coefficients(a, b, LENS: tl.constexpr):
    """Add tuples of LENS."""
    found = (a[0] + b[0],)
    for k in tl.static_range(1, LENS):  # pyright: ignore[reportGeneralTypeIssues]
        found = found + (a[k] + b[k],)
    return found
