"""How fast colours change from pixel to pixel."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep_gmae.layers.cielab import cielab


def colour_gradient(pictures: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b h w"]:
    """Length of the gradient of `cielab`.

    Args:
        pictures: sRGB in [0, 1], at least two pixels high and wide.

    Returns:
        Root of the sum of squared central differences per pixel, >= 0.
    """
    down, across = torch.gradient(cielab(pictures), dim=(2, 3))
    return (down.square() + across.square()).sum(dim=1).sqrt()
