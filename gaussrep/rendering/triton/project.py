"""Projection of Gaussians to ellipses on the image plane, and its backward pass."""

from triton import language as tl

from gaussrep.rendering.triton import camera_map, geometry, harmonics
from gaussrep.rendering.triton.ellipse import tiles_between, tiles_in_row
from gaussrep.rendering.triton.jit import inline_jit, kernel
from gaussrep.rendering.triton.layout import (
    BLUE,
    CAMERA_SIZE,
    D_BLUE,
    D_DEPTH,
    D_GREEN,
    D_RED,
    DEPTH,
    GREEN,
    HALF_HEIGHT,
    HALF_LOG2_E,
    L1,
    L2,
    L3,
    LOG2_MIN,
    LOG_OPACITY,
    M0,
    M_X,
    M_XX,
    M_XY,
    M_Y,
    M_YY,
    MIN_ALPHA,
    NEAR,
    RECORD_SIZE,
    RED,
    SHEAR,
    SLOT_SIZE,
    X,
    Y,
)


@kernel
def project(
    means,
    quats,
    scales,
    opacities,
    colors,
    sh,
    viewmats,
    Ks,
    distortion,
    bounds,
    records,
    depths,
    boxes,
    counts,
    views,
    count,
    color_views,
    width,
    height,
    columns,
    rows,
    ORTHO: tl.constexpr,
    ANTIALIASED: tl.constexpr,
    LENS: tl.constexpr,
    BASES: tl.constexpr,
    LANES: tl.constexpr,
):
    """Project every Gaussian into every image; one program projects LANES of them into one image.

    Depths of invisible Gaussians are infinite, their counts 0. BASES is the number of coefficients
    of spherical harmonics, 0 where there are colors; LENS is that of coefficients of the lens.
    """
    blocks = tl.cdiv(count, LANES)
    image = (tl.program_id(0) // blocks).to(tl.int64)
    n = (tl.program_id(0) % blocks) * LANES + tl.arange(0, LANES)
    scene, view, is_lane = image // views, image % views, n < count
    of_scene, of_image = scene * count + n, image * count + n
    opacity = tl.load(opacities + of_scene, mask=is_lane, other=0.0)
    is_seen = opacity >= MIN_ALPHA
    camera = geometry.load_camera(viewmats, Ks, image)
    mean = geometry.load_vector(means, of_scene, is_seen)
    depth = geometry.to_camera_space(camera, mean)[2]
    is_seen &= depth >= NEAR
    quat, _ = geometry.load_unit_quat(quats, of_scene, is_seen)
    scale = geometry.load_vector(scales, of_scene, is_seen)
    lens = camera_map.load_lens(distortion, bounds, image, LENS)
    is_seen, point = camera_map.seen_point(camera, lens, mean, is_seen, LENS)
    pixel, row_x, row_y, _ = camera_map.project_point(
        camera, lens, point, width, height, ORTHO, LENS
    )
    x, y = pixel
    axes = geometry.rotation_columns(quat)
    u, v = (
        geometry.project_axes(row_x, axes, scale),
        geometry.project_axes(row_y, axes, scale),
    )
    covariance = geometry.blurred_covariance(u, v)
    log_opacity = tl.log2(tl.where(is_seen, opacity, 1.0))
    if ANTIALIASED:
        log_opacity += geometry.log2_compensation(u, v, covariance)
        is_seen &= log_opacity >= LOG2_MIN
    reach = tl.maximum(log_opacity - LOG2_MIN, 0.0)
    xx, xy, yy, determinant = covariance
    half_width = tl.sqrt(reach / HALF_LOG2_E * xx)
    half_height = tl.sqrt(reach / HALF_LOG2_E * yy)
    is_seen &= (x + half_width > 0) & (x - half_width < width)
    is_seen &= (y + half_height > 0) & (y - half_height < height)
    l1, l3 = tl.sqrt(yy * HALF_LOG2_E / determinant), tl.sqrt(1.0 / yy * HALF_LOG2_E)
    l2, shear = -xy / yy * l1, half_height * xy / tl.sqrt(xx * yy)
    left, end_column = tiles_between(x - half_width, x + half_width, columns)
    top, end_row = tiles_between(y - half_height, y + half_height, rows)
    left, top = tl.where(is_seen, left, 0), tl.where(is_seen, top, 0)
    end_column, end_row = tl.where(is_seen, end_column, 0), tl.where(is_seen, end_row, 0)
    box = left, top, end_column, end_row
    ellipse = (x, y), (l1, l2, l3), reach, half_height, shear
    tiles = tl.zeros([LANES], tl.int32)
    for i in range(tl.max(end_row - top, 0)):
        tiles += tiles_in_row(ellipse, box, top + i)[1]
    is_seen &= tiles > 0
    record = records + of_image * RECORD_SIZE
    tl.store(record + X, x, mask=is_seen)
    tl.store(record + Y, y, mask=is_seen)
    tl.store(record + L1, l1, mask=is_seen)
    tl.store(record + L2, l2, mask=is_seen)
    tl.store(record + L3, l3, mask=is_seen)
    tl.store(record + LOG_OPACITY, log_opacity, mask=is_seen)
    tl.store(record + DEPTH, depth, mask=is_seen)
    tl.store(record + HALF_HEIGHT, half_height, mask=is_seen)
    tl.store(record + SHEAR, shear, mask=is_seen)
    if BASES == 0:
        color_view = tl.where(color_views > 1, view, 0)
        at_color = (scene * color_views + color_view) * count + n
        red, green, blue = geometry.load_vector(colors, at_color, is_seen)
    else:
        red, green, blue = harmonics.shade(camera, point, sh, of_scene, is_seen, BASES)
    tl.store(record + RED, red, mask=is_seen)
    tl.store(record + GREEN, green, mask=is_seen)
    tl.store(record + BLUE, blue, mask=is_seen)
    for_box = boxes + of_image * 4
    tl.store(for_box, left.to(tl.int16), mask=is_seen)
    tl.store(for_box + 1, top.to(tl.int16), mask=is_seen)
    tl.store(for_box + 2, end_column.to(tl.int16), mask=is_seen)
    tl.store(for_box + 3, end_row.to(tl.int16), mask=is_seen)
    tl.store(depths + of_image, tl.where(is_seen, depth, float("inf")), mask=is_lane)
    tl.store(counts + of_image, tl.where(is_seen, tiles, 0), mask=is_lane)


@kernel
def project_backward(
    means,
    quats,
    scales,
    opacities,
    viewmats,
    Ks,
    distortion,
    bounds,
    counts,
    totals,
    grad_means,
    grad_quats,
    grad_scales,
    grad_opacities,
    grad_cameras,
    views,
    count,
    width,
    height,
    ORTHO: tl.constexpr,
    ANTIALIASED: tl.constexpr,
    LENS: tl.constexpr,
    CAMERA_GRADIENTS: tl.constexpr,
    SHADED: tl.constexpr,
    LANES: tl.constexpr,
):
    """Backpropagate from projected Gaussians; one program takes LANES of a scene in all views.

    `grad_cameras` holds one sum per program and view. With SHADED, `totals` holds the gradients to
    camera-space points through the color, from `shade_backward`, in the place of those to the
    color: the color depends on the inverse of the rotation times the point.
    """
    blocks = tl.cdiv(count, LANES)
    scene = (tl.program_id(0) // blocks).to(tl.int64)
    n = (tl.program_id(0) % blocks) * LANES + tl.arange(0, LANES)
    is_lane, of_scene = n < count, scene * count + n
    mean = geometry.load_vector(means, of_scene, is_lane)
    scale = geometry.load_vector(scales, of_scene, is_lane)
    quat, inverse = geometry.load_unit_quat(quats, of_scene, is_lane)
    axis_a, axis_b, axis_c = geometry.rotation_columns(quat)
    zero = tl.zeros([LANES], mean[0].dtype)
    grad_mean, grad_scale, grad_log_opacity = (zero, zero, zero), (zero, zero, zero), zero
    grad_a, grad_b, grad_c = (zero, zero, zero), (zero, zero, zero), (zero, zero, zero)
    for view in range(views):
        of_image = (scene * views + view) * count + n
        is_seen = tl.load(counts + of_image, mask=is_lane, other=0) > 0
        total = totals + of_image * SLOT_SIZE
        m_0 = tl.load(total + M0, mask=is_seen, other=0.0)
        m_x = tl.load(total + M_X, mask=is_seen, other=0.0)
        m_y = tl.load(total + M_Y, mask=is_seen, other=0.0)
        m_xx = tl.load(total + M_XX, mask=is_seen, other=0.0)
        m_xy = tl.load(total + M_XY, mask=is_seen, other=0.0)
        m_yy = tl.load(total + M_YY, mask=is_seen, other=0.0)
        camera = geometry.load_camera(viewmats, Ks, scene * views + view)
        lens = camera_map.load_lens(distortion, bounds, scene * views + view, LENS)
        is_seen, point = camera_map.seen_point(camera, lens, mean, is_seen, LENS)
        _, row_x, row_y, local = camera_map.project_point(
            camera, lens, point, width, height, ORTHO, LENS
        )
        axes = axis_a, axis_b, axis_c
        u = geometry.project_axes(row_x, axes, scale)
        v = geometry.project_axes(row_y, axes, scale)
        covariance = geometry.blurred_covariance(u, v)
        grad_u, grad_v = geometry.covariance_vjp(m_xx, m_xy, m_yy, u, v, covariance)
        if ANTIALIASED:
            by_u, by_v = geometry.compensation_vjp(m_0, u, v, covariance)
            grad_u, grad_v = geometry.add(grad_u, by_u), geometry.add(grad_v, by_v)
        along_x = geometry.project_axes(row_x, axes, grad_u)
        along_y = geometry.project_axes(row_y, axes, grad_v)
        grad_scale = geometry.add(grad_scale, geometry.add(along_x, along_y))
        scaled_u, scaled_v = geometry.multiply(grad_u, scale), geometry.multiply(grad_v, scale)
        by_a = geometry.combine(row_x, scaled_u[0], row_y, scaled_v[0])
        by_b = geometry.combine(row_x, scaled_u[1], row_y, scaled_v[1])
        by_c = geometry.combine(row_x, scaled_u[2], row_y, scaled_v[2])
        grad_a = geometry.add(grad_a, by_a)
        grad_b = geometry.add(grad_b, by_b)
        grad_c = geometry.add(grad_c, by_c)
        grad_row_x = geometry.weighted_sum(axis_a, axis_b, axis_c, scaled_u)
        grad_row_y = geometry.weighted_sum(axis_a, axis_b, axis_c, scaled_v)
        grad_pixel = geometry.mean2d_vjp(m_x, m_y, covariance)
        grad_point, for_K, for_lens, for_rotation = camera_map.point_vjp(
            camera, lens, point, local, grad_pixel, (grad_row_x, grad_row_y), ORTHO, LENS
        )
        grad_depth = tl.load(total + D_DEPTH, mask=is_seen, other=0.0)
        grad_point = grad_point[0], grad_point[1], grad_point[2] + grad_depth
        away, by_away = (zero, zero, zero), (zero, zero, zero)
        if SHADED:
            by_away = (
                tl.load(total + D_RED, mask=is_seen, other=0.0),
                tl.load(total + D_GREEN, mask=is_seen, other=0.0),
                tl.load(total + D_BLUE, mask=is_seen, other=0.0),
            )
            a, b, c = harmonics.inverse_rotation(camera)
            away = geometry.weighted_sum(a, b, c, point)
            grad_point = geometry.add(grad_point, by_away)
        grad_mean = geometry.add(
            grad_mean, geometry.weighted_sum(camera[0], camera[1], camera[2], grad_point)
        )
        grad_log_opacity += m_0
        if CAMERA_GRADIENTS:
            by_right = geometry.combine(for_rotation[0], 1.0, mean, grad_point[0])
            by_down = geometry.combine(for_rotation[1], 1.0, mean, grad_point[1])
            by_ahead = geometry.combine(for_rotation[2], 1.0, mean, grad_point[2])
            place = tl.program_id(0).to(tl.int64) * views + view
            sums = grad_cameras + place * (CAMERA_SIZE + LENS)
            store_sums(sums, geometry.combine(by_right, 1.0, away, -by_away[0]), is_seen, 3)
            store_sums(sums + 3, geometry.combine(by_down, 1.0, away, -by_away[1]), is_seen, 3)
            store_sums(sums + 6, geometry.combine(by_ahead, 1.0, away, -by_away[2]), is_seen, 3)
            store_sums(sums + 9, grad_point, is_seen, 3)
            store_sums(sums + 12, for_K, is_seen, 4)
            store_sums(sums + CAMERA_SIZE, for_lens, is_seen, LENS)
    grad_quat = geometry.quaternion_vjp(grad_a, grad_b, grad_c, quat, inverse)
    geometry.store_vector(grad_means, of_scene, grad_mean, is_lane)
    geometry.store_vector(grad_scales, of_scene, grad_scale, is_lane)
    tl.store(grad_quats + of_scene * 4, grad_quat[0], mask=is_lane)
    tl.store(grad_quats + of_scene * 4 + 1, grad_quat[1], mask=is_lane)
    tl.store(grad_quats + of_scene * 4 + 2, grad_quat[2], mask=is_lane)
    tl.store(grad_quats + of_scene * 4 + 3, grad_quat[3], mask=is_lane)
    opacity = tl.load(opacities + of_scene, mask=is_lane, other=1.0)
    grad_opacity = grad_log_opacity / tl.maximum(opacity, MIN_ALPHA)
    tl.store(grad_opacities + of_scene, grad_opacity, mask=is_lane)


@inline_jit
def store_sums(pointer, values, mask, COUNT: tl.constexpr):
    """Store the sums of COUNT values over the lanes."""
    for k in tl.static_range(COUNT):  # pyright: ignore[reportGeneralTypeIssues]
        tl.store(pointer + k, tl.sum(tl.where(mask, values[k], 0.0), 0))
