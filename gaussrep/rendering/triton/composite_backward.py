"""Backward pass of compositing: gradients of each tile to each of its Gaussians.

A tile is composited front to back again. Every pixel keeps its transmittance T and the
gradient-weighted sum S of everything behind; for a Gaussian of weight w = alpha T and
gradient-weighted value v, the gradient to its log-opacity is w v - S alpha / (1 - alpha), S taken
after it. The initial S follows from the rendered image. The sums over a tile's pixels go to a slot
for every pair of tile and Gaussian: programs never write to the same memory, and results are
bitwise reproducible.
"""

from triton import language as tl

from gaussrep.rendering.triton.composite import (
    blend,
    capped_alpha,
    gaussian_alpha,
    load_exponent,
    load_pixels,
)
from gaussrep.rendering.triton.jit import inline_jit, kernel
from gaussrep.rendering.triton.layout import (
    BLUE,
    D_BLUE,
    D_DEPTH,
    D_GREEN,
    D_RED,
    DEPTH,
    GREEN,
    M0,
    M_X,
    M_XX,
    M_XY,
    M_Y,
    M_YY,
    MAX_ALPHA,
    PIXELS,
    RECORD_SIZE,
    RED,
    SLOT_SIZE,
)


@inline_jit
def load_gradients(
    background,
    alpha,
    color,
    depth,
    grad_color,
    grad_alpha,
    grad_depth,
    background_sums,
    place,
    image,
    at,
    is_pixel,
    HAS_COLOR: tl.constexpr,
    HAS_ALPHA: tl.constexpr,
    HAS_DEPTH: tl.constexpr,
):
    """Load the gradients to pixels, and sum those to the background at a place of its sums.

    Returns:
        S of all Gaussians, and gradients to the sums of weights, of weighted depths and of weighted
        red, green and blue.
    """
    zero = tl.where(is_pixel, 0.0, 0.0)
    opacity = tl.load(alpha + at, mask=is_pixel, other=0.0)
    grad_weight, by_depth, red, green, blue = zero, zero, zero, zero, zero
    if HAS_ALPHA:
        grad_weight = tl.load(grad_alpha + at, mask=is_pixel, other=0.0)
    behind = grad_weight * opacity
    for_sums, rgb = background_sums + place.to(tl.int64) * 3, background + image * 3
    if HAS_COLOR:
        red = tl.load(grad_color + at * 3, mask=is_pixel, other=0.0)
        green = tl.load(grad_color + at * 3 + 1, mask=is_pixel, other=0.0)
        blue = tl.load(grad_color + at * 3 + 2, mask=is_pixel, other=0.0)
        r, g, b = tl.load(rgb), tl.load(rgb + 1), tl.load(rgb + 2)
        behind += red * (tl.load(color + at * 3, mask=is_pixel, other=0.0) - r)
        behind += green * (tl.load(color + at * 3 + 1, mask=is_pixel, other=0.0) - g)
        behind += blue * (tl.load(color + at * 3 + 2, mask=is_pixel, other=0.0) - b)
        grad_weight -= red * r + green * g + blue * b
        tl.store(for_sums, tl.sum(red * (1.0 - opacity), 0))
        tl.store(for_sums + 1, tl.sum(green * (1.0 - opacity), 0))
        tl.store(for_sums + 2, tl.sum(blue * (1.0 - opacity), 0))
    if HAS_DEPTH:
        by_depth = tl.load(grad_depth + at, mask=is_pixel, other=0.0)
        by_depth = by_depth / tl.where(opacity > 0.0, opacity, 1.0)
        grad_weight -= by_depth * tl.load(depth + at, mask=is_pixel, other=0.0)
    return behind, (grad_weight, by_depth, red, green, blue)


@kernel
def composite_backward(
    records,
    starts,
    members,
    emitted,
    background,
    color,
    alpha,
    depth,
    grad_color,
    grad_alpha,
    grad_depth,
    slots,
    background_sums,
    width,
    height,
    columns,
    rows,
    HAS_COLOR: tl.constexpr,
    HAS_ALPHA: tl.constexpr,
    HAS_DEPTH: tl.constexpr,
    GROUP: tl.constexpr,
):
    """Compute the gradients of one tile to color, depth and exponent of its Gaussians.

    Args:
        records: Projected Gaussians.
        starts: First pair of every tile.
        members: Index of the record of every pair.
        emitted: Slot of every pair.
        background: RGB behind the Gaussians, [I, 3].
        color: The rendered color, [I, H, W, 3].
        alpha: The rendered alpha, [I, H, W].
        depth: The rendered depth, [I, H, W].
        grad_color: Gradient to it.
        grad_alpha: Gradient to it.
        grad_depth: Gradient to it.
        slots: Output, [P, SLOT_SIZE]; slots of pairs after the last visible one stay as they are.
        background_sums: Output, gradient to the background by tile, [tiles, 3].
        width: Image width in pixels.
        height: Image height in pixels.
        columns: Columns of tiles.
        rows: Rows of tiles.
        HAS_COLOR: Whether there is a gradient to color.
        HAS_ALPHA: Whether there is a gradient to alpha.
        HAS_DEPTH: Whether there is a gradient to depth.
        GROUP: Gaussians between two checks whether the tile is finished.
    """
    tile = tl.program_id(0)
    image, left, top, x, y, at, is_pixel = load_pixels(
        tile, 0, width, height, columns, rows, PIXELS
    )
    behind, grads = load_gradients(
        background,
        alpha,
        color,
        depth,
        grad_color,
        grad_alpha,
        grad_depth,
        background_sums,
        tile,
        image,
        at,
        is_pixel,
        HAS_COLOR,
        HAS_ALPHA,
        HAS_DEPTH,
    )
    grad_weight, by_depth, red, green, blue = grads
    transmittance = tl.where(is_pixel, 1.0, 0.0)
    pair, end = tl.load(starts + tile), tl.load(starts + tile + 1)
    largest = tl.max(transmittance, 0)
    while (pair < end) & (largest > 0.0):
        for k in tl.static_range(GROUP):
            is_pair = pair + k < end
            member = tl.load(members + pair + k, mask=is_pair, other=0).to(tl.int64)
            record = records + member * RECORD_SIZE
            exponent = load_exponent(record, left, top, is_pair)
            uncapped, is_visible = gaussian_alpha(x, y, exponent)
            opacity = capped_alpha(uncapped, is_visible)
            weight, transmittance, is_open = blend(opacity, transmittance)
            value = grad_weight
            if HAS_DEPTH:
                value += by_depth * tl.load(record + DEPTH, mask=is_pair, other=0.0)
            if HAS_COLOR:
                value += red * tl.load(record + RED, mask=is_pair, other=0.0)
                value += green * tl.load(record + GREEN, mask=is_pair, other=0.0)
                value += blue * tl.load(record + BLUE, mask=is_pair, other=0.0)
            weighted = weight * value
            behind -= weighted
            grad = weighted - behind * (opacity / (1.0 - opacity))
            grad = tl.where(is_open & (uncapped <= MAX_ALPHA), grad, 0.0)
            slot = slots + tl.load(emitted + pair + k, mask=is_pair, other=0) * SLOT_SIZE
            moments = sum_moments(grad, x, y, exponent[0], exponent[1])
            tl.store(slot + M0, moments[0], mask=is_pair)
            tl.store(slot + M_X, moments[1], mask=is_pair)
            tl.store(slot + M_XX, moments[2], mask=is_pair)
            tl.store(slot + M_Y, moments[3], mask=is_pair)
            tl.store(slot + M_XY, moments[4], mask=is_pair)
            tl.store(slot + M_YY, moments[5], mask=is_pair)
            if HAS_COLOR:
                tl.store(slot + D_RED, tl.sum(weight * red, 0), mask=is_pair)
                tl.store(slot + D_GREEN, tl.sum(weight * green, 0), mask=is_pair)
                tl.store(slot + D_BLUE, tl.sum(weight * blue, 0), mask=is_pair)
            if HAS_DEPTH:
                tl.store(slot + D_DEPTH, tl.sum(weight * by_depth, 0), mask=is_pair)
        pair += GROUP
        largest = tl.max(transmittance, 0)


@inline_jit
def sum_moments(grad, x, y, dx, dy):
    """Sum the moments of gradients to the log-opacity over pixels, along the first axis.

    Sums are taken over offsets from the tile's first pixel, and moved to the Gaussian's center.

    Returns:
        Moments 1, x, xx, y, xy, yy.
    """
    grad_x, grad_y = grad * x, grad * y
    m_0, s_x, s_y = tl.sum(grad, 0), tl.sum(grad_x, 0), tl.sum(grad_y, 0)
    s_xx, s_xy, s_yy = tl.sum(grad_x * x, 0), tl.sum(grad_x * y, 0), tl.sum(grad_y * y, 0)
    m_x, m_y = s_x + dx * m_0, s_y + dy * m_0
    m_xx, m_yy = s_xx + dx * (s_x + m_x), s_yy + dy * (s_y + m_y)
    return m_0, m_x, m_xx, m_y, s_xy + dx * s_y + dy * m_x, m_yy
