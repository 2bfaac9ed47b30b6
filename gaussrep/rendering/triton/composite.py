"""Compositing of tiles, front to back; one program composites one tile.

A program is one warp, whose lanes hold eight pixels each; all lanes load the same Gaussian.
"""

from triton import language as tl

from gaussrep.rendering.triton.jit import inline_jit, kernel
from gaussrep.rendering.triton.layout import (
    BLUE,
    DEPTH,
    GREEN,
    L1,
    L2,
    L3,
    LOG2_MIN,
    LOG_OPACITY,
    MAX_ALPHA,
    NEVER,
    PIXELS,
    RECORD_SIZE,
    RED,
    TILE,
    TRANSMITTANCE_MIN,
    X,
    Y,
)


@inline_jit
def load_pixels(tile, first, width, height, columns, rows, COUNT: tl.constexpr):
    """Find COUNT pixels of a tile, row by row.

    Returns:
        The tile's image and first pixel, offsets of the pixels from that, their places in all
        images, and which of them are in the image.
    """
    image = (tile // (columns * rows)).to(tl.int64)
    place = tile % (columns * rows)
    left, top = place % columns * TILE, place // columns * TILE
    pixel = first + tl.arange(0, COUNT)
    x, y = pixel % TILE, pixel // TILE
    at = (image * height + top + y) * width + left + x
    is_pixel = (left + x < width) & (top + y < height)
    return image, left, top, x.to(tl.float32), y.to(tl.float32), at, is_pixel


@inline_jit
def load_exponent(records, left, top, mask):
    """Load Gaussians; return their offset from a tile's first pixel, factor, and log-opacity.

    The last is `NEVER` where the mask is false.
    """
    dx = left + 0.5 - tl.load(records + X, mask=mask, other=0.0)
    dy = top + 0.5 - tl.load(records + Y, mask=mask, other=0.0)
    l1 = tl.load(records + L1, mask=mask, other=0.0)
    l2 = tl.load(records + L2, mask=mask, other=0.0)
    l3 = tl.load(records + L3, mask=mask, other=0.0)
    log_opacity = tl.load(records + LOG_OPACITY, mask=mask, other=NEVER)
    return dx, dy, l1, l2, l3, log_opacity


@inline_jit
def gaussian_alpha(x, y, exponent):
    """Compute uncapped alphas in pixels, and the mask of those >= MIN_ALPHA."""
    dx, dy, l1, l2, l3, log_opacity = exponent
    across = x * l1 + (y * l2 + (l1 * dx + l2 * dy))
    down = y * l3 + l3 * dy
    power = log_opacity - down * down - across * across
    return tl.exp2(power), power >= LOG2_MIN


@inline_jit
def capped_alpha(uncapped, is_visible):
    """Alphas that are composited, 0 where they are below MIN_ALPHA."""
    return tl.where(is_visible, tl.minimum(uncapped, MAX_ALPHA), 0.0)


@inline_jit
def blend(opacity, transmittance):
    """Composite a Gaussian in front of what is behind it, as long as a pixel is open.

    Returns:
        Its weights, the transmittance behind it, and which pixels stay open.
    """
    weight = opacity * transmittance
    after = transmittance - weight
    is_open = after > TRANSMITTANCE_MIN
    return tl.where(is_open, weight, 0.0), tl.where(is_open, after, 0.0), is_open


@kernel
def composite(
    records,
    starts,
    members,
    background,
    color,
    alpha,
    depth,
    medians,
    count,
    width,
    height,
    columns,
    rows,
    MEDIANS: tl.constexpr,
    GROUP: tl.constexpr,
):
    """Composite color, alpha and depth.

    Args:
        records: Projected Gaussians.
        starts: First pair of every tile.
        members: Index of the record of every pair.
        background: RGB behind the Gaussians, [I, 3].
        color: Output, [I, H, W, 3].
        alpha: Output, [I, H, W].
        depth: Output, [I, H, W].
        medians: Output if MEDIANS, index of the last Gaussian in front of which more than half of
            the light is left, or -1, int32 [I, H, W].
        count: Gaussians per scene.
        width: Image width in pixels.
        height: Image height in pixels.
        columns: Columns of tiles.
        rows: Rows of tiles.
        MEDIANS: Whether to compute medians.
        GROUP: Gaussians whose loads may overlap, between two checks whether the tile is finished.
    """
    tile = tl.program_id(0)
    image, left, top, x, y, at, is_pixel = load_pixels(
        tile, 0, width, height, columns, rows, PIXELS
    )
    transmittance = tl.where(is_pixel, 1.0, 0.0)
    weights = tl.zeros([PIXELS], tl.float32)
    depths, reds, greens, blues = weights, weights, weights, weights
    middle = tl.full([PIXELS], -1, tl.int32)
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
            if MEDIANS:
                n = (member - image * count).to(tl.int32)
                middle = tl.where(is_visible & (transmittance > 0.5), n, middle)
            weight, transmittance, _ = blend(opacity, transmittance)
            weights += weight
            depths += weight * tl.load(record + DEPTH, mask=is_pair, other=0.0)
            reds += weight * tl.load(record + RED, mask=is_pair, other=0.0)
            greens += weight * tl.load(record + GREEN, mask=is_pair, other=0.0)
            blues += weight * tl.load(record + BLUE, mask=is_pair, other=0.0)
        pair += GROUP
        largest = tl.max(transmittance, 0)
    behind = 1.0 - weights
    tl.store(alpha + at, weights, mask=is_pixel)
    tl.store(depth + at, depths / tl.where(weights > 0.0, weights, 1.0), mask=is_pixel)
    if MEDIANS:
        tl.store(medians + at, middle, mask=is_pixel)
    rgb, color = background + image * 3, color + at * 3
    tl.store(color, reds + behind * tl.load(rgb), mask=is_pixel)
    tl.store(color + 1, greens + behind * tl.load(rgb + 1), mask=is_pixel)
    tl.store(color + 2, blues + behind * tl.load(rgb + 2), mask=is_pixel)


@kernel
def composite_features(
    records,
    starts,
    members,
    features,
    image_features,
    views,
    count,
    channels,
    width,
    height,
    columns,
    rows,
    PART: tl.constexpr,
    GROUP: tl.constexpr,
    CHANNELS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Composite features: weights [PART, GROUP] times features [GROUP, CHANNELS].

    Args:
        records: Projected Gaussians.
        starts: First pair of every tile.
        members: Index of the record of every pair.
        features: Features, [S, N, C].
        image_features: Output, [I, H, W, C].
        views: Views per scene.
        count: Gaussians per scene.
        channels: Channels, C.
        width: Image width in pixels.
        height: Image height in pixels.
        columns: Columns of tiles.
        rows: Rows of tiles.
        PART: Pixels that a program takes of a tile.
        GROUP: Gaussians per product.
        CHANNELS: Channels that a program takes; the second axis of the grid has the rest.
        PRECISION: Precision of the products.
    """
    tile = tl.program_id(0) // (PIXELS // PART)
    first = tl.program_id(0) % (PIXELS // PART) * PART
    image, left, top, x, y, at, is_pixel = load_pixels(
        tile, first, width, height, columns, rows, PART
    )
    transmittance = tl.where(is_pixel, 1.0, 0.0)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    is_channel = channel < channels
    total = tl.zeros([PART, CHANNELS], tl.float32)
    of_scene = (image // views - image) * count
    pair, end = tl.load(starts + tile), tl.load(starts + tile + 1)
    largest = tl.max(transmittance, 0)
    while (pair < end) & (largest > 0.0):
        place = pair + tl.arange(0, GROUP)
        is_pair = place < end
        member = tl.load(members + place, mask=is_pair, other=0).to(tl.int64)
        record = records + member * RECORD_SIZE
        alpha = group_alphas(x, y, load_exponent(record, left, top, is_pair))[0]
        weight, transmittance = group_weights(alpha, transmittance)
        rows_of = features + (member + of_scene) * channels
        values = tl.load(
            rows_of[:, None] + channel[None, :],
            mask=is_pair[:, None] & is_channel[None, :],
            other=0.0,
        )
        total = tl.dot(weight, values, total, input_precision=PRECISION)
        pair += GROUP
        largest = tl.max(transmittance, 0)
    tl.store(
        image_features + at[:, None] * channels + channel[None, :],
        total,
        mask=is_pixel[:, None] & is_channel[None, :],
    )


@inline_jit
def group_alphas(x, y, exponent):
    """Alphas [pixels, GROUP] of a group of Gaussians, and which of them are not capped."""
    dx, dy, l1, l2, l3, log_opacity = exponent
    exponent = dx[None, :], dy[None, :], l1[None, :], l2[None, :], l3[None, :], log_opacity[None, :]
    uncapped, is_visible = gaussian_alpha(x[:, None], y[:, None], exponent)
    return capped_alpha(uncapped, is_visible), uncapped <= MAX_ALPHA


@inline_jit
def group_weights(alpha, transmittance):
    """Weights of a group of Gaussians, and the transmittance behind it."""
    after = transmittance[:, None] * tl.cumprod(1.0 - alpha, 1)
    weight = tl.where(after > TRANSMITTANCE_MIN, alpha * (after / (1.0 - alpha)), 0.0)
    last = tl.min(after, 1)
    return weight, tl.where(last > TRANSMITTANCE_MIN, last, 0.0)
