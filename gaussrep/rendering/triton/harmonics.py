"""Colors from spherical harmonics, and their backward pass; see `gaussrep.sh` for the basis.

Colors are computed as a part of `project`. Their backward pass is a kernel of its own before
`project_backward`: together they need more registers than there are.

The direction is that from the camera to a Gaussian in world axes: the inverse of the camera's
rotation times its camera-space point. `BASES` is 1, 4, 9, 16 or 25.
"""

from math import pi, sqrt

from triton import language as tl

from gaussrep import sh
from gaussrep.rendering.triton import geometry
from gaussrep.rendering.triton.jit import inline_jit, kernel
from gaussrep.rendering.triton.layout import D_BLUE, D_GREEN, D_RED, SLOT_SIZE

C0 = tl.constexpr(sh.C0)
C1 = tl.constexpr(sqrt(3 / (4 * pi)))
A2, B2 = tl.constexpr(0.5 * sqrt(15 / pi)), tl.constexpr(0.25 * sqrt(5 / pi))
A3, B3 = tl.constexpr(0.25 * sqrt(35 / (2 * pi))), tl.constexpr(0.5 * sqrt(105 / pi))
C3, D3 = tl.constexpr(0.25 * sqrt(21 / (2 * pi))), tl.constexpr(0.25 * sqrt(7 / pi))
A4, B4 = tl.constexpr(0.75 * sqrt(35 / pi)), tl.constexpr(0.75 * sqrt(35 / (2 * pi)))
C4, D4 = tl.constexpr(0.75 * sqrt(5 / pi)), tl.constexpr(0.75 * sqrt(5 / (2 * pi)))
E4 = tl.constexpr(3 / (16 * sqrt(pi)))


@kernel
def shade_backward(
    means,
    sh,
    viewmats,
    Ks,
    counts,
    totals,
    grad_sh,
    views,
    count,
    BASES: tl.constexpr,
    LANES: tl.constexpr,
):
    """Backpropagate through `shade`; one program takes LANES of a scene in all views.

    Args:
        means: [S, N, 3].
        sh: Coefficients, [S, N, BASES, 3].
        viewmats: [S, V, 4, 4].
        Ks: [S, V, 3, 3].
        counts: Number of tiles that a Gaussian overlaps in an image, [I, N].
        totals: Gradients to projected Gaussians, [I, N, SLOT_SIZE]; those to camera-space points
            through the color replace those to the color.
        grad_sh: Output, zeros before.
        views: Views per scene.
        count: Gaussians per scene.
        BASES: Number of basis functions.
        LANES: Gaussians per program.
    """
    blocks = tl.cdiv(count, LANES)
    scene = (tl.program_id(0) // blocks).to(tl.int64)
    n = (tl.program_id(0) % blocks) * LANES + tl.arange(0, LANES)
    is_lane, of_scene = n < count, scene * count + n
    mean = geometry.load_vector(means, of_scene, is_lane)
    for view in range(views):
        of_image = (scene * views + view) * count + n
        is_seen = tl.load(counts + of_image, mask=is_lane, other=0) > 0
        camera = geometry.load_camera(viewmats, Ks, scene * views + view)
        right, down, depth = geometry.to_camera_space(camera, mean)
        columns = inverse_rotation(camera)
        direction, inverse = view_direction(columns, (right, down, tl.where(is_seen, depth, 1.0)))
        values = basis(direction, BASES)
        color = sum_harmonics(sh, of_scene, values, is_seen, BASES)
        total = totals + of_image * SLOT_SIZE
        grad = (
            tl.load(total + D_RED, mask=is_seen & (color[0] >= 0.0), other=0.0),
            tl.load(total + D_GREEN, mask=is_seen & (color[1] >= 0.0), other=0.0),
            tl.load(total + D_BLUE, mask=is_seen & (color[2] >= 0.0), other=0.0),
        )
        for k in tl.static_range(BASES):
            place = of_scene * BASES + k
            before = geometry.load_vector(grad_sh, place, is_seen)
            after = geometry.combine(before, 1.0, grad, values[k])
            geometry.store_vector(grad_sh, place, after, is_seen)
        by_direction = basis_vjp(sh, of_scene, direction, grad, is_seen, BASES)
        found = direction_vjp(by_direction, direction, inverse)
        tl.store(total + D_RED, geometry.dot(columns[0], found), mask=is_seen)
        tl.store(total + D_GREEN, geometry.dot(columns[1], found), mask=is_seen)
        tl.store(total + D_BLUE, geometry.dot(columns[2], found), mask=is_seen)
        tl.debug_barrier()  # before the next view adds to the same gradients


@inline_jit
def inverse_rotation(camera):
    """Compute the columns of the inverse of a camera's rotation, for a matrix of any kind."""
    right, down, ahead = camera[0], camera[1], camera[2]
    a, b = geometry.cross(down, ahead), geometry.cross(ahead, right)
    inverse = 1.0 / geometry.dot(right, a)
    c = geometry.cross(right, down)
    return geometry.scale(a, inverse), geometry.scale(b, inverse), geometry.scale(c, inverse)


@inline_jit
def view_direction(columns, point):
    """Compute unit vectors from the camera to camera-space points, in world axes.

    Args:
        columns: Result of `inverse_rotation`.
        point: Camera-space points.

    Returns:
        Directions, and one over the distances.
    """
    away = geometry.weighted_sum(columns[0], columns[1], columns[2], point)
    inverse = 1.0 / tl.maximum(tl.sqrt(geometry.dot(away, away)), 1e-12)
    return geometry.scale(away, inverse), inverse


@inline_jit
def shade(camera, point, sh, at, mask, BASES: tl.constexpr):
    """Compute the colors of Gaussians, at least 0.

    Args:
        camera: The camera.
        point: Camera-space points.
        sh: Coefficients, [·, BASES, 3].
        at: Places of the Gaussians.
        mask: Gaussians whose coefficients are loaded.
        BASES: Number of basis functions.

    Returns:
        Red, green and blue.
    """
    direction, _ = view_direction(inverse_rotation(camera), point)
    color = sum_harmonics(sh, at, basis(direction, BASES), mask, BASES)
    return tl.maximum(color[0], 0.0), tl.maximum(color[1], 0.0), tl.maximum(color[2], 0.0)


@inline_jit
def basis(direction, BASES: tl.constexpr):
    """Compute the basis functions at unit directions, a tuple of BASES."""
    x, y, z = direction
    values = (x * 0.0 + C0,)
    if BASES > 1:
        values = values + degree_1(x, y, z)
    if BASES > 4:
        values = values + degree_2(x, y, z)
    if BASES > 9:
        values = values + degree_3(x, y, z)
    if BASES > 16:
        values = values + degree_4(x, y, z)
    return values


@inline_jit
def degree_1(x, y, z):
    """Compute the basis functions of degree 1."""
    return y * -C1, z * C1, x * -C1


@inline_jit
def degree_2(x, y, z):
    """Compute the basis functions of degree 2."""
    square = (z * z * 2.0 - x * x - y * y) * B2
    return x * y * A2, y * z * -A2, square, x * z * -A2, (x * x - y * y) * (A2 * 0.5)


@inline_jit
def degree_3(x, y, z):
    """Compute the basis functions of degree 3."""
    xx, yy, zz = x * x, y * y, z * z
    ring = zz * 4.0 - xx - yy
    return (
        y * (xx * 3.0 - yy) * -A3,
        x * y * z * B3,
        y * ring * -C3,
        z * (zz * 2.0 - xx * 3.0 - yy * 3.0) * D3,
        x * ring * -C3,
        z * (xx - yy) * (B3 * 0.5),
        x * (xx - yy * 3.0) * -A3,
    )


@inline_jit
def degree_4(x, y, z):
    """Compute the basis functions of degree 4."""
    xx, yy, zz = x * x, y * y, z * z
    one, three = zz * 7.0 - 1.0, zz * 7.0 - 3.0
    return (
        x * y * (xx - yy) * A4,
        y * z * (xx * 3.0 - yy) * -B4,
        x * y * one * C4,
        y * z * three * -D4,
        (zz * (zz * 35.0 - 30.0) + 3.0) * E4,
        x * z * three * -D4,
        (xx - yy) * one * (C4 * 0.5),
        x * z * (xx - yy * 3.0) * -B4,
        (xx * (xx - yy * 3.0) - yy * (xx * 3.0 - yy)) * (A4 * 0.25),
    )


@inline_jit
def sum_harmonics(sh, at, values, mask, BASES: tl.constexpr):
    """Compute colors before they are clamped at 0.

    Args:
        sh: Coefficients, [·, BASES, 3].
        at: Places of the Gaussians.
        values: Result of `basis`.
        mask: Gaussians whose coefficients are loaded.
        BASES: Number of basis functions.

    Returns:
        Red, green and blue.
    """
    half = values[0] * 0.0 + 0.5
    color = half, half, half
    for k in tl.static_range(BASES):  # pyright: ignore[reportGeneralTypeIssues]
        coefficient = geometry.load_vector(sh, at * BASES + k, mask)
        color = geometry.combine(color, 1.0, coefficient, values[k])
    return color


@inline_jit
def basis_vjp(sh, at, direction, grad, mask, BASES: tl.constexpr):
    """Gradient to directions through `basis`, not yet projected to the sphere.

    Args:
        sh: Coefficients, [·, BASES, 3].
        at: Places of the Gaussians.
        direction: Unit directions.
        grad: Gradient to the colors before they are clamped.
        mask: Gaussians whose coefficients are loaded.
        BASES: Number of basis functions.

    Returns:
        Gradient to the directions.
    """
    w = (geometry.dot(geometry.load_vector(sh, at * BASES, mask), grad),)
    for k in tl.static_range(1, BASES):  # pyright: ignore[reportGeneralTypeIssues]
        weight = geometry.dot(geometry.load_vector(sh, at * BASES + k, mask), grad)
        w = w + (weight,)
    x, y, z = direction
    zero = x * 0.0
    found = zero, zero, zero
    if BASES > 1:
        found = w[3] * -C1, w[1] * -C1, w[2] * C1  # pyright: ignore[reportGeneralTypeIssues]
    if BASES > 4:
        found = geometry.add(found, degree_2_vjp(x, y, z, w))
    if BASES > 9:
        found = geometry.add(found, degree_3_vjp(x, y, z, w))
    if BASES > 16:
        found = geometry.add(found, degree_4_vjp(x, y, z, w))
    return found


@inline_jit
def degree_2_vjp(x, y, z, w):
    """Sum the gradients of the functions of degree 2, weighted."""
    gx = (y * w[4] - z * w[7] + x * w[8]) * A2 - x * w[6] * (B2 * 2.0)
    gy = (x * w[4] - z * w[5] - y * w[8]) * A2 - y * w[6] * (B2 * 2.0)
    return gx, gy, z * w[6] * (B2 * 4.0) - (y * w[5] + x * w[7]) * A2


@inline_jit
def degree_3_vjp(x, y, z, w):
    """Sum the gradients of the functions of degree 3, weighted."""
    xx, yy, zz, xy = x * x, y * y, z * z, x * y
    gx = (xy * w[9] * 2.0 + (xx - yy) * w[15]) * (A3 * -3.0) + z * (y * w[10] + x * w[14]) * B3
    gx += (xy * w[11] * 2.0 - (zz * 4.0 - xx * 3.0 - yy) * w[13]) * C3 - x * z * w[12] * (D3 * 6.0)
    gy = (xy * w[15] * 2.0 - (xx - yy) * w[9]) * (A3 * 3.0) + z * (x * w[10] - y * w[14]) * B3
    gy += (xy * w[13] * 2.0 - (zz * 4.0 - xx - yy * 3.0) * w[11]) * C3 - y * z * w[12] * (D3 * 6.0)
    gz = (xy * w[10] + (xx - yy) * w[14] * 0.5) * B3 - z * (y * w[11] + x * w[13]) * (C3 * 8.0)
    return gx, gy, gz + (zz * 2.0 - xx - yy) * w[12] * (D3 * 3.0)


@inline_jit
def degree_4_vjp(x, y, z, w):
    """Sum the gradients of the functions of degree 4, weighted."""
    xx, yy, zz = x * x, y * y, z * z
    one, three, deep = zz * 7.0 - 1.0, zz * 7.0 - 3.0, zz * 21.0 - 3.0
    gx = (y * (xx * 3.0 - yy) * w[16] + x * (xx - yy * 3.0) * w[24]) * A4
    gx -= z * (x * y * w[17] * 2.0 + (xx - yy) * w[23]) * (B4 * 3.0)
    gx += one * (y * w[18] + x * w[22]) * C4 - z * three * w[21] * D4
    gy = (x * (xx - yy * 3.0) * w[16] + y * (yy - xx * 3.0) * w[24]) * A4
    gy += z * (x * y * w[23] * 2.0 - (xx - yy) * w[17]) * (B4 * 3.0)
    gy += one * (x * w[18] - y * w[22]) * C4 - z * three * w[19] * D4
    gz = (y * (xx * 3.0 - yy) * w[17] + x * (xx - yy * 3.0) * w[23]) * -B4
    gz += z * (x * y * w[18] * 2.0 + (xx - yy) * w[22]) * (C4 * 7.0)
    gz += z * (zz * 140.0 - 60.0) * w[20] * E4 - deep * (y * w[19] + x * w[21]) * D4
    return gx, gy, gz


@inline_jit
def direction_vjp(grad, direction, inverse):
    """Gradient to the vector that `view_direction` normalizes."""
    along = geometry.dot(grad, direction)
    return geometry.scale(geometry.combine(grad, 1.0, direction, -along), inverse)
