"""A kernel of L1 and SSIM: both errors in one pass over the images, followed by their gradient.

A row of an image is `floats` = width times channels long, with the channels of a pixel side by
side: the next pixel of the same channel is `channels` floats further, and no image is transposed.
The window is separable. Its product with mirrored borders is a symmetric matrix, so that the
gradient is blurred as the images are.

The gradient of a block of rows needs the derivatives in the blocks above and below, too. The thread
that computes the last of them goes on with the gradient: none waits, and one launch does both.
"""

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import WIDTH, broadcast, fma, iota, load, maximum, select, store
from gaussrep.kernels.threads import NONE, Tasks, claim, fetch_add
from gaussrep.metrics.structural_similarity import K1, K2, RADIUS

ROWS = 8
"""Rows of an image that one task compares, more than the window reaches."""
TAPS = 2 * RADIUS + 1
C1, C2 = np.float32(K1**2), np.float32(K2**2)
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


@kernel
def compare(
    tasks: Tasks,
    first: np.ndarray,
    second: np.ndarray,
    weights: np.ndarray,
    window: np.ndarray,
    channels: int,
    factors: np.ndarray,
    partials: np.ndarray,
    arrived: np.ndarray,
    sums: np.ndarray,
    gradient: np.ndarray,
) -> None:
    """Sum absolute differences and SSIM indices; one task is a block of rows of one image.

    With them comes the gradient of their weighted sum to the first images.

    Args:
        tasks: Blocks of rows.
        first: Images, float32 [I, H, floats].
        second: Images of the same shape.
        weights: Factors on the indices, of the same shape; of size 0 for none.
        window: The window, float32 [TAPS].
        channels: Channels of a pixel.
        factors: Factors on absolute differences and indices in the weighted sum, float32 [2].
        partials: Memory for weighted derivatives of the index with respect to the blurred first
            image, its square and its product with the second, float32 [3, I, H, floats]; of size 0
            for no gradient.
        arrived: Zeros, int64 [tasks]: by block, how many blocks have their derivatives of those
            that its gradient needs.
        sums: Output: sums of absolute differences and of indices, float64 [tasks, 2].
        gradient: Output, of the images' shape; of size 0 for none.
    """
    _, height, floats = first.shape
    blocks = (height + ROWS - 1) // ROWS
    rows = np.empty((4, _padded(floats, channels)), np.float32)
    totals = np.empty((2, WIDTH), np.float32)
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        image, start = task // blocks, task % blocks * ROWS
        sums[task, 0] = sums[task, 1] = 0.0
        for y in range(start, min(start + ROWS, height)):
            _moments(first, second, image, y, window, channels, rows)
            for row in range(4):
                _mirror(rows, row, floats, channels)
            at = (image * height + y) * floats
            _compare_row(
                first, second, weights, at, floats, window, channels, rows, partials, totals
            )
            for lane in range(WIDTH):
                sums[task, 0] += totals[0, lane]
                sums[task, 1] += totals[1, lane]
        if partials.size > 0:
            block = task % blocks
            for near in range(max(block - 1, 0), min(block + 2, blocks)):
                needed = min(near + 2, blocks) - max(near - 1, 0)
                if fetch_add(arrived, task - block + near) + 1 == needed:
                    _gradient_block(
                        first, second, image, near, window, channels, partials, rows, factors,
                        gradient,
                    )  # fmt: skip


@inline_jit
def _gradient_block(
    first: np.ndarray,
    second: np.ndarray,
    image: int,
    block: int,
    window: np.ndarray,
    channels: int,
    partials: np.ndarray,
    rows: np.ndarray,
    factors: np.ndarray,
    gradient: np.ndarray,
) -> None:
    images, height, floats = first.shape
    for y in range(block * ROWS, min(block * ROWS + ROWS, height)):
        _blur_columns(partials, image, images, y, window, channels, height, floats, rows)
        for row in range(3):
            _mirror(rows, row, floats, channels)
        at = (image * height + y) * floats
        _gradient_row(first, second, at, floats, window, channels, rows, factors, gradient)


@inline_jit
def _padded(floats: int, channels: int) -> int:
    return floats + 2 * RADIUS * channels


@inline_jit
def _reflect(y: int, height: int) -> int:
    """Row that continues the image at y, the outermost row included."""
    if y < 0:
        return -1 - y
    return 2 * height - 1 - y if y >= height else y


@inline_jit
def _vector(x: int, floats: int) -> int:
    """Start of a vector from x on that ends within the row; it may reach back before x."""
    return min(x, floats - WIDTH)


@inline_jit
def _moments(
    first: np.ndarray,
    second: np.ndarray,
    image: int,
    y: int,
    window: np.ndarray,
    channels: int,
    rows: np.ndarray,
) -> None:
    """Blur both images, the sum of their squares and their product along columns."""
    _, height, floats = first.shape
    stride, border = rows.shape[1], RADIUS * channels
    for x in range(0, floats, WIDTH):
        start = _vector(x, floats)
        mean1 = mean2 = squares = product = broadcast(ZERO)
        for tap in range(TAPS):
            at = (image * height + _reflect(y + tap - RADIUS, height)) * floats + start
            one, two = load(first, at), load(second, at)
            weighted1, weighted2 = one * window[tap], two * window[tap]
            mean1, mean2 = mean1 + weighted1, mean2 + weighted2
            squares = fma(weighted1, one, fma(weighted2, two, squares))
            product = fma(weighted1, two, product)
        to = border + start
        store(rows, to, mean1)
        store(rows, stride + to, mean2)
        store(rows, 2 * stride + to, squares)
        store(rows, 3 * stride + to, product)


@inline_jit
def _blur_columns(
    partials: np.ndarray,
    image: int,
    images: int,
    y: int,
    window: np.ndarray,
    channels: int,
    height: int,
    floats: int,
    rows: np.ndarray,
) -> None:
    stride, border = rows.shape[1], RADIUS * channels
    plane = images * height * floats
    for x in range(0, floats, WIDTH):
        start = _vector(x, floats)
        s0 = s1 = s2 = broadcast(ZERO)
        for tap in range(TAPS):
            at = (image * height + _reflect(y + tap - RADIUS, height)) * floats + start
            s0 = fma(load(partials, at), window[tap], s0)
            s1 = fma(load(partials, at + plane), window[tap], s1)
            s2 = fma(load(partials, at + 2 * plane), window[tap], s2)
        to = border + start
        store(rows, to, s0)
        store(rows, stride + to, s1)
        store(rows, 2 * stride + to, s2)


@inline_jit
def _mirror(rows: np.ndarray, row: int, floats: int, channels: int) -> None:
    """Extend a row at both ends by reflection."""
    last = RADIUS * channels + floats
    for pixel in range(RADIUS):
        for c in range(channels):
            left = (RADIUS - 1 - pixel) * channels + c
            rows[row, left] = rows[row, (RADIUS + pixel) * channels + c]
            rows[row, last + pixel * channels + c] = rows[row, last - (pixel + 1) * channels + c]


@inline_jit
def _compare_row(
    first: np.ndarray,
    second: np.ndarray,
    weights: np.ndarray,
    at: int,
    floats: int,
    window: np.ndarray,
    channels: int,
    rows: np.ndarray,
    partials: np.ndarray,
    totals: np.ndarray,
) -> None:
    """Blur along the row, and compute the indices and their partial derivatives."""
    stride, plane = rows.shape[1], first.size
    differences = indices = broadcast(ZERO)
    for x in range(0, floats, WIDTH):
        start = _vector(x, floats)
        mean1 = mean2 = squares = product = broadcast(ZERO)
        for tap in range(TAPS):
            place = start + tap * channels
            mean1 = fma(load(rows, place), window[tap], mean1)
            mean2 = fma(load(rows, stride + place), window[tap], mean2)
            squares = fma(load(rows, 2 * stride + place), window[tap], squares)
            product = fma(load(rows, 3 * stride + place), window[tap], product)
        together, spread = mean1 * mean2, fma(mean1, mean1, mean2 * mean2)
        luminance, structure = fma(together, TWO, broadcast(C1)), (product - together) * TWO + C2
        bright, contrast = spread + C1, squares - spread + C2
        inverse = ONE / (bright * contrast)
        index = luminance * structure * inverse
        weight = broadcast(ONE)
        if weights.size > 0:
            weight = load(weights, at + start)
        if partials.size > 0:
            scaled = inverse * weight
            by_square = (ZERO - luminance) * structure * scaled / contrast
            by_product = luminance * scaled * TWO
            shift = mean2 * (structure - luminance) * scaled
            slope = (index * weight) / bright + by_square
            store(partials, at + start, (shift - mean1 * slope) * TWO)
            store(partials, at + start + plane, by_square)
            store(partials, at + start + 2 * plane, by_product)
        difference = load(first, at + start) - load(second, at + start)
        is_new = iota() >= np.float32(x - start)
        size = maximum(difference, ZERO - difference)
        differences = differences + select(is_new, size, broadcast(ZERO))
        indices = indices + select(is_new, index * weight, broadcast(ZERO))
    store(totals, 0, differences)
    store(totals, WIDTH, indices)


@inline_jit
def _gradient_row(
    first: np.ndarray,
    second: np.ndarray,
    at: int,
    floats: int,
    window: np.ndarray,
    channels: int,
    rows: np.ndarray,
    factors: np.ndarray,
    gradient: np.ndarray,
) -> None:
    stride = rows.shape[1]
    for x in range(0, floats, WIDTH):
        start = _vector(x, floats)
        s0 = s1 = s2 = broadcast(ZERO)
        for tap in range(TAPS):
            place = start + tap * channels
            s0 = fma(load(rows, place), window[tap], s0)
            s1 = fma(load(rows, stride + place), window[tap], s1)
            s2 = fma(load(rows, 2 * stride + place), window[tap], s2)
        one, two = load(first, at + start), load(second, at + start)
        by_index = fma(one * TWO, s1, fma(two, s2, s0))
        difference = one - two
        above = select(difference > broadcast(ZERO), broadcast(ONE), broadcast(ZERO))
        below = select(ZERO - difference > broadcast(ZERO), broadcast(ONE), broadcast(ZERO))
        total = fma(by_index, factors[1], (above - below) * factors[0])
        store(gradient, at + start, total)
