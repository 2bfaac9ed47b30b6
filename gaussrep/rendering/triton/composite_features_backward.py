"""Backward pass of compositing if there are features, a group of Gaussians at a time.

The sums are those of `composite_backward`; what features add runs as products of matrices.
"""

from triton import language as tl

from gaussrep.rendering.triton.composite import (
    group_alphas,
    group_weights,
    load_exponent,
    load_pixels,
)
from gaussrep.rendering.triton.composite_backward import load_gradients, sum_moments
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
    PIXELS,
    RECORD_SIZE,
    RED,
    SLOT_SIZE,
)


@inline_jit
def add_to(pointer, values, mask):
    """Add to what this program wrote before."""
    tl.store(pointer, tl.load(pointer, mask=mask, other=0.0) + values, mask=mask)


@kernel
def composite_features_backward(
    records,
    starts,
    members,
    emitted,
    features,
    background,
    color,
    alpha,
    depth,
    image_features,
    grad_color,
    grad_alpha,
    grad_depth,
    grad_features,
    slots,
    feature_slots,
    background_sums,
    views,
    count,
    channels,
    width,
    height,
    columns,
    rows,
    PART: tl.constexpr,
    HAS_COLOR: tl.constexpr,
    HAS_ALPHA: tl.constexpr,
    HAS_DEPTH: tl.constexpr,
    GROUP: tl.constexpr,
    CHANNELS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Compute the gradients of one tile if there are features, a group of Gaussians at a time.

    The tile's parts follow each other and add to the same slots: more pixels at once would not fit
    the registers.

    Args:
        records: Projected Gaussians.
        starts: First pair of every tile.
        members: Index of the record of every pair.
        emitted: Slot of every pair.
        features: Features, [S, N, C].
        background: RGB behind the Gaussians, [I, 3].
        color: The rendered color, [I, H, W, 3].
        alpha: The rendered alpha, [I, H, W].
        depth: The rendered depth, [I, H, W].
        image_features: The rendered features, [I, H, W, C].
        grad_color: Gradient to it.
        grad_alpha: Gradient to it.
        grad_depth: Gradient to it.
        grad_features: Gradient to it.
        slots: Output, [P, SLOT_SIZE], zeros before; added to.
        feature_slots: Output, [P, C], likewise.
        background_sums: Output, gradient to the background by part of a tile, [parts, 3].
        views: Views per scene.
        count: Gaussians per scene.
        channels: Channels, C.
        width: Image width in pixels.
        height: Image height in pixels.
        columns: Columns of tiles.
        rows: Rows of tiles.
        PART: Pixels of the tile that are taken at once.
        HAS_COLOR: Whether there is a gradient to color.
        HAS_ALPHA: Whether there is a gradient to alpha.
        HAS_DEPTH: Whether there is a gradient to depth.
        GROUP: Gaussians per product.
        CHANNELS: Channels per product.
        PRECISION: Precision of the products.
    """
    tile = tl.program_id(0)
    for part in range(PIXELS // PART):
        image, left, top, x, y, at, is_pixel = load_pixels(
            tile, part * PART, width, height, columns, rows, PART
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
            tile * (PIXELS // PART) + part,
            image,
            at,
            is_pixel,
            HAS_COLOR,
            HAS_ALPHA,
            HAS_DEPTH,
        )
        grad_weight, by_depth, red, green, blue = grads
        of_pixel = at[:, None] * channels
        for start in range(0, channels, CHANNELS):
            channel = start + tl.arange(0, CHANNELS)
            mask = is_pixel[:, None] & (channel < channels)[None, :]
            place_of = of_pixel + channel[None, :]
            grads_of = tl.load(grad_features + place_of, mask=mask, other=0.0)
            behind += tl.sum(grads_of * tl.load(image_features + place_of, mask=mask, other=0.0), 1)
        transmittance = tl.where(is_pixel, 1.0, 0.0)
        of_scene = (image // views - image) * count
        pair, end = tl.load(starts + tile), tl.load(starts + tile + 1)
        largest = tl.max(transmittance, 0)
        while (pair < end) & (largest > 0.0):
            places = pair + tl.arange(0, GROUP)
            is_pair = places < end
            member = tl.load(members + places, mask=is_pair, other=0).to(tl.int64)
            record = records + member * RECORD_SIZE
            exponent = load_exponent(record, left, top, is_pair)
            opacity, is_free = group_alphas(x, y, exponent)
            weight, transmittance = group_weights(opacity, transmittance)
            value = grad_weight[:, None] + tl.zeros_like(weight)
            if HAS_DEPTH:
                depths = tl.load(record + DEPTH, mask=is_pair, other=0.0)
                value += by_depth[:, None] * depths[None, :]
            if HAS_COLOR:
                reds = tl.load(record + RED, mask=is_pair, other=0.0)
                greens = tl.load(record + GREEN, mask=is_pair, other=0.0)
                blues = tl.load(record + BLUE, mask=is_pair, other=0.0)
                value += red[:, None] * reds[None, :] + green[:, None] * greens[None, :]
                value += blue[:, None] * blues[None, :]
            of_member = (member + of_scene) * channels
            for start in range(0, channels, CHANNELS):
                channel = start + tl.arange(0, CHANNELS)
                is_channel = channel < channels
                grads_of = tl.load(
                    grad_features + of_pixel + channel[None, :],
                    mask=is_pixel[:, None] & is_channel[None, :],
                    other=0.0,
                )
                values = tl.load(
                    features + of_member[None, :] + channel[:, None],
                    mask=is_pair[None, :] & is_channel[:, None],
                    other=0.0,
                )
                value = tl.dot(grads_of, values, value, input_precision=PRECISION)
            weighted = weight * value
            remaining = behind[:, None] - tl.cumsum(weighted, 1)
            behind -= tl.sum(weighted, 1)
            grad = weighted - remaining * (opacity / (1.0 - opacity))
            grad = tl.where((weight > 0.0) & is_free, grad, 0.0)
            place = tl.load(emitted + places, mask=is_pair, other=0)
            slot = slots + place * SLOT_SIZE
            moments = sum_moments(grad, x[:, None], y[:, None], exponent[0], exponent[1])
            add_to(slot + M0, moments[0], is_pair)
            add_to(slot + M_X, moments[1], is_pair)
            add_to(slot + M_XX, moments[2], is_pair)
            add_to(slot + M_Y, moments[3], is_pair)
            add_to(slot + M_XY, moments[4], is_pair)
            add_to(slot + M_YY, moments[5], is_pair)
            if HAS_COLOR:
                add_to(slot + D_RED, tl.sum(weight * red[:, None], 0), is_pair)
                add_to(slot + D_GREEN, tl.sum(weight * green[:, None], 0), is_pair)
                add_to(slot + D_BLUE, tl.sum(weight * blue[:, None], 0), is_pair)
            if HAS_DEPTH:
                add_to(slot + D_DEPTH, tl.sum(weight * by_depth[:, None], 0), is_pair)
            for start in range(0, channels, CHANNELS):
                channel = start + tl.arange(0, CHANNELS)
                is_channel = channel < channels
                grads_of = tl.load(
                    grad_features + of_pixel + channel[None, :],
                    mask=is_pixel[:, None] & is_channel[None, :],
                    other=0.0,
                )
                by_channel = tl.dot(tl.trans(weight), grads_of, input_precision=PRECISION)
                add_to(
                    feature_slots + place[:, None] * channels + channel[None, :],
                    by_channel,
                    is_pair[:, None] & is_channel[None, :],
                )
            pair += GROUP
            largest = tl.max(transmittance, 0)
        tl.debug_barrier()  # before other threads of the program add to the same slots
