"""Sliding-window inference: maps of images larger than the model's input."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from gaussrep.errors import ValueRangeError

Predictor = Callable[[Float[Tensor, "b 3 s s"]], Float[Tensor, "b c s s"]]
"""Predicts maps of a batch of windows."""


def sliding_window_inference(
    image: Float[Tensor, "3 h w"],
    predictor: Predictor,
    size: int,
    stride: int,
    scales: Sequence[float] = (1.0,),
    batch_size: int = 32,
) -> Float[Tensor, "c h w"]:
    """Predict maps of an image of any size, averaged over scales (design choice).

    At each scale, windows are `stride` apart or a little closer, so that the outer ones end at the
    image border. Overlapping maps are averaged with the weights of a Hann window, which fall to
    the rim of each window, where a model sees least of the surroundings.

    Args:
        image: RGB in [0, 1], of any size.
        predictor: Predicts maps of a batch of windows.
        size: Side S of a window in pixels.
        stride: Largest distance between neighboring windows in pixels, 1 to S.
        scales: Multiples of the image's own size at which maps are predicted; if a scale makes
            the shorter side less than S, that side becomes S.
        batch_size: Windows per call of `predictor`.

    Returns:
        The maps at the image's own size.

    Raises:
        ValueRangeError: The stride is out of range.
    """
    height, width = image.shape[1:]
    maps = []
    for scale in scales:
        factor = max(scale, size / min(height, width))
        scaled = resize(image, round(height * factor), round(width * factor))
        joined = infer_windows(scaled, predictor, size, stride, batch_size)
        maps.append(resize(joined, height, width))
    return torch.stack(maps).mean(dim=0)


def infer_windows(
    image: Float[Tensor, "3 h w"],
    predictor: Predictor,
    size: int,
    stride: int,
    batch_size: int = 32,
) -> Float[Tensor, "c h w"]:
    """Predict maps of overlapping windows of an image and join them, at one scale.

    Args:
        image: RGB in [0, 1], at least one window high and wide.
        predictor: Predicts maps of a batch of windows.
        size: Side S of a window in pixels.
        stride: Largest distance between neighboring windows in pixels, 1 to S.
        batch_size: Windows per call of `predictor`.

    Returns:
        The joined maps.

    Raises:
        ValueRangeError: The image is smaller than a window, or the stride out of range.
    """
    height, width = image.shape[1:]
    if min(height, width) < size:
        raise ValueRangeError(
            f"image is {height}x{width}, expected at least {size}x{size}; enlarge it."
        )
    if not 1 <= stride <= size:
        raise ValueRangeError(f"stride is {stride}, expected 1 to the window's side, {size}.")
    rows, columns = window_starts(height, size, stride), window_starts(width, size, stride)
    corners = [(y, x) for y in rows for x in columns]
    weights = hann_window(size).to(image)
    total, weight = image.new_zeros(()), torch.zeros_like(image[0])
    for first in range(0, len(corners), batch_size):
        chunk = corners[first : first + batch_size]
        maps = predictor(torch.stack([image[:, y : y + size, x : x + size] for y, x in chunk]))
        if first == 0:
            total = maps.new_zeros(maps.shape[1], height, width)
        for window, (y, x) in zip(maps, chunk, strict=True):
            total[:, y : y + size, x : x + size] += window * weights
            weight[y : y + size, x : x + size] += weights
    return total / weight


def resize(maps: Float[Tensor, "c h w"], height: int, width: int) -> Float[Tensor, "c h2 w2"]:
    """Resize maps bilinearly, with antialiasing.

    Args:
        maps: Maps or images.
        height: New height in pixels.
        width: New width in pixels.

    Returns:
        The resized maps; `maps` itself if the size is unchanged.
    """
    if maps.shape[1:] == (height, width):
        return maps
    return interpolate(maps[None], (height, width), mode="bilinear", antialias=True)[0]


def window_starts(length: int, size: int, stride: int) -> list[int]:
    """Space windows evenly along a side, from the first pixel to the last that fits.

    Args:
        length: Length of the side in pixels.
        size: Side of a window in pixels.
        stride: Largest distance between starts in pixels.

    Returns:
        Ascending positions of the windows' starts.

    Examples:
        >>> window_starts(100, 32, 16)
        [0, 13, 27, 40, 54, 68]
    """
    steps = -(-(length - size) // stride)
    return [step * (length - size) // max(steps, 1) for step in range(steps + 1)]


def hann_window(size: int) -> Float[Tensor, "size size"]:
    """Compute the product of two Hann windows, sampled at pixel centers, so never 0.

    Args:
        size: Side of the window in pixels.

    Returns:
        Weights in (0, 1].
    """
    curve = torch.sin(torch.pi * (torch.arange(size) + 0.5) / size).square()
    return curve[:, None] * curve
