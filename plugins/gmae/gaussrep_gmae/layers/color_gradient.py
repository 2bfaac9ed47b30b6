"""How fast colors change from pixel to pixel."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.rendering.conventions import MIN_ALPHA
from gaussrep_gmae.layers.cielab import cielab


def color_gradient(
    pictures: Float[Tensor, "b 3 h w"], alpha: Float[Tensor, "b h w"] | None = None
) -> Float[Tensor, "b h w"]:
    """Length of the gradient of `cielab`, times alpha.

    It is taken as ∇(alpha c) - c ∇alpha, so that the rim of the paint, where colors c end, is no
    gradient of theirs.

    Args:
        pictures: sRGB in [0, 1], not multiplied by alpha; at least two pixels high and wide.
        alpha: How far each pixel is painted; wholly if not given.

    Returns:
        Root of the sum of squared central differences per pixel, >= 0; 0 where alpha is below what
        renderers draw, and a pixel has no color.
    """
    paint = torch.ones_like(pictures[:, 0]) if alpha is None else alpha
    colors, weights = cielab(pictures), paint[:, None]
    covered = torch.gradient(weights * colors, dim=(2, 3))
    rims = torch.gradient(weights, dim=(2, 3))
    slopes = [both - colors * rim for both, rim in zip(covered, rims, strict=True)]
    return torch.cat(slopes, dim=1).norm(dim=1) * (paint >= MIN_ALPHA)
