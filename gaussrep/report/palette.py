"""One ordered palette for all that is near and far: bright is near, dark is far."""

import torch
from jaxtyping import Float
from torch import Tensor

ANCHORS = ("fde725", "b5de2b", "6ece58", "35b779", "1f9e89", "26828e", "31688e", "3e4989", "482878")
"""Nine colors of viridis (CC0), from its bright end; equal steps look equal, in gray as well."""


def near_to_far(shares: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 3"]:
    """Colors of an ordered quantity.

    Args:
        shares: 0, the nearest, to 1, the farthest; values outside are clamped.

    Returns:
        RGB in [0, 1].
    """
    anchors = torch.tensor([list(bytes.fromhex(color)) for color in ANCHORS]) / 255
    place = shares.cpu().clamp(0, 1) * (len(ANCHORS) - 1)
    below = place.floor().long().clamp(max=len(ANCHORS) - 2)
    return torch.lerp(anchors[below], anchors[below + 1], (place - below)[..., None])


def layer_colors(layers: int) -> Float[Tensor, "layers 3"]:
    """Colors of numbered layers.

    Args:
        layers: How many there are.

    Returns:
        RGB in [0, 1], nearest first.
    """
    return near_to_far(torch.linspace(0, 1, layers))


def css(color: Float[Tensor, " 3"]) -> str:
    """Write a color as CSS does.

    Args:
        color: RGB in [0, 1].

    Returns:
        Such as `#fde725`.
    """
    return "#" + bytes((color * 255).round().int().tolist()).hex()
