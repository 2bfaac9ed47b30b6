"""Pictures of any size through a model that takes squares of one size."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.errors import ValueRangeError

Looker = Callable[[Float[Tensor, "b 3 s s"]], Float[Tensor, "b c s s"]]
"""Makes some maps of each window."""


def through_windows(
    image: Float[Tensor, "3 h w"], look: Looker, size: int, stride: int, batch_size: int = 32
) -> Float[Tensor, "c h w"]:
    """Look at a picture through overlapping square windows and join what is seen (ours).

    Windows lie `stride` apart or a little closer, so that the outer ones end at the border. Where
    they overlap their maps are averaged with the weights of a Hann window, which fall to the rim
    of each, where a model knows least of the surroundings.

    Args:
        image: RGB in [0, 1], at least one window high and wide.
        look: Makes some maps of each window.
        size: Side S of a window in pixels.
        stride: Largest distance between neighboring windows in pixels, 1 to S.
        batch_size: Windows per call of `look`.

    Returns:
        The joined maps.

    Raises:
        ValueRangeError: The picture is smaller than a window, or the stride out of range.
    """
    height, width = image.shape[1:]
    if min(height, width) < size:
        raise ValueRangeError(f"image is {height}x{width}, wanted at least {size}x{size}; enlarge.")
    if not 1 <= stride <= size:
        raise ValueRangeError(f"stride is {stride}, wanted 1 to the window's side, {size}.")
    corners = [(y, x) for y in starts(height, size, stride) for x in starts(width, size, stride)]
    weights = hann(size).to(image)
    total, weight = image.new_zeros(()), torch.zeros_like(image[0])
    for first in range(0, len(corners), batch_size):
        some = corners[first : first + batch_size]
        maps = look(torch.stack([image[:, y : y + size, x : x + size] for y, x in some]))
        if first == 0:
            total = maps.new_zeros(maps.shape[1], height, width)
        for seen, (y, x) in zip(maps, some, strict=True):
            total[:, y : y + size, x : x + size] += seen * weights
            weight[y : y + size, x : x + size] += weights
    return total / weight


def starts(length: int, size: int, stride: int) -> list[int]:
    """Where windows start along one side: evenly, from the first pixel to the last that fits.

    Args:
        length: Of the side.
        size: Of a window.
        stride: Largest distance between starts.

    Returns:
        Ascending positions.

    Example:
        >>> starts(100, 32, 16)
        [0, 13, 27, 40, 54, 68]
    """
    steps = -(-(length - size) // stride)
    return [step * (length - size) // max(steps, 1) for step in range(steps + 1)]


def hann(size: int) -> Float[Tensor, "size size"]:
    """Weights of a window: the product of two Hann curves, sampled at pixel centers, so never 0."""
    curve = torch.sin(torch.pi * (torch.arange(size) + 0.5) / size).square()
    return curve[:, None] * curve
