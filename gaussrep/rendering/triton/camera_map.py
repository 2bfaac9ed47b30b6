"""The map of every camera model from camera space to pixels, and its vector-Jacobian product.

`LENS` is the number of coefficients of the cameras' lenses, 0 if they have none; kernels are
compiled apart for each.
"""

from triton import language as tl

from gaussrep.rendering.triton import geometry, lenses
from gaussrep.rendering.triton.jit import inline_jit


@inline_jit
def load_lens(distortion, bounds, image, LENS: tl.constexpr):
    """Load the lens of an image; a number without a meaning if there is none."""
    found = 0.0
    if LENS > 0:
        found = lenses.load_lens(distortion, bounds, image, LENS)
    return found


@inline_jit
def seen_point(camera, lens, mean, is_seen, LENS: tl.constexpr):
    """Find the Gaussians that a lens shows, and camera-space points; (0, 0, 1) of those not seen.

    Returns:
        Which are seen, and the points.
    """
    right, down, depth = geometry.to_camera_space(camera, mean)
    if LENS > 0:
        is_seen &= lenses.is_within(lens, (right, down, depth))
        right, down = tl.where(is_seen, right, 0.0), tl.where(is_seen, down, 0.0)
    return is_seen, (right, down, tl.where(is_seen, depth, 1.0))


@inline_jit
def project_point(camera, lens, point, width, height, ORTHO: tl.constexpr, LENS: tl.constexpr):
    """Project camera-space points to pixels.

    Returns:
        Pixels, rows of the Jacobian by world coordinates, and what `point_vjp` needs: entries of
        the Jacobian by camera-space coordinates.
    """
    if LENS == 0:
        pixel = geometry.project_point(camera, point, ORTHO)
        local = geometry.projection_jacobian(camera, point, width, height, ORTHO)
        row_x, row_y = geometry.world_jacobian(camera, local)
    else:
        fx, fy, cx, cy = camera[4]
        place, by_x, by_y = lenses.project_point(lens, point, LENS)
        local = place, geometry.scale(by_x, fx), geometry.scale(by_y, fy)
        pixel = fx * place[0] + cx, fy * place[1] + cy
        row_x = geometry.weighted_sum(camera[0], camera[1], camera[2], local[1])
        row_y = geometry.weighted_sum(camera[0], camera[1], camera[2], local[2])
    return pixel, row_x, row_y, local


@inline_jit
def point_vjp(
    camera, lens, point, local, grad_pixel, grad_rows, ORTHO: tl.constexpr, LENS: tl.constexpr
):
    """Gradients through `project_point`.

    Returns:
        Gradients to camera-space points; to fx, fy, cx, cy; to the coefficients of the lens; and to
        the rows of the rotation through the Jacobian.
    """
    grad_row_x, grad_row_y = grad_rows
    if LENS == 0:
        by_pixel, for_pixel = geometry.point_vjp(camera, point, grad_pixel, ORTHO)
        by_rows, for_rows = geometry.jacobian_vjp(
            camera, point, local, grad_row_x, grad_row_y, ORTHO
        )
        grad_point = geometry.add(by_pixel, by_rows)
        for_K = (
            for_pixel[0] + for_rows[0],
            for_pixel[1] + for_rows[1],
            for_pixel[2] + for_rows[2],
            for_pixel[3] + for_rows[3],
        )
        for_lens = 0.0
        for_right, for_down = (
            geometry.scale(grad_row_x, local[0]),
            geometry.scale(grad_row_y, local[2]),
        )
        for_ahead = geometry.combine(grad_row_x, local[1], grad_row_y, local[3])
    else:
        fx, fy, _, _ = camera[4]
        place, by_x, by_y = local
        along_x, along_y = in_axes(camera, grad_row_x), in_axes(camera, grad_row_y)
        grad_point, for_lens = lenses.point_vjp(
            lens,
            point,
            (grad_pixel[0] * fx, grad_pixel[1] * fy),
            geometry.scale(along_x, fx),
            geometry.scale(along_y, fy),
            LENS,
        )
        for_K = (
            grad_pixel[0] * place[0] + geometry.dot(along_x, by_x) / fx,
            grad_pixel[1] * place[1] + geometry.dot(along_y, by_y) / fy,
            grad_pixel[0],
            grad_pixel[1],
        )
        for_right = geometry.combine(grad_row_x, by_x[0], grad_row_y, by_y[0])
        for_down = geometry.combine(grad_row_x, by_x[1], grad_row_y, by_y[1])
        for_ahead = geometry.combine(grad_row_x, by_x[2], grad_row_y, by_y[2])
    return grad_point, for_K, for_lens, (for_right, for_down, for_ahead)


@inline_jit
def in_axes(camera, vector):
    """Turn vectors from world axes to the camera's."""
    right, down, ahead = camera[0], camera[1], camera[2]
    return geometry.dot(right, vector), geometry.dot(down, vector), geometry.dot(ahead, vector)
