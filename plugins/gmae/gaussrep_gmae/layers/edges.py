"""Edges from the depth layers, and gradients of color in CIELAB."""

import torch
from einops import einsum, rearrange, reduce
from jaxtyping import Float
from torch import Tensor

from gaussrep import Gaussians
from gaussrep.rendering.conventions import MIN_ALPHA
from gaussrep_gmae.layers.depth import cumulative_layers, render_subsets

RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to XYZ (IEC 61966-2-1); rows sum to the white below."""
WHITE = (0.95047, 1.0, 1.08883)
"""XYZ of D65, for the observer of 2 degrees."""
KNEE = 6 / 29
"""Root at which the cube root turns into a line (CIE 15)."""


def edges(gaussians: Gaussians, layers: int, size: int) -> Float[Tensor, "b size size"]:
    """Compute edge strength as the mean color gradient of the cumulative layers (design choice).

    The paper adds groups of the depth order one by one and labels each pixel with the last group
    that changes it significantly; its edges are the discontinuities of the labels. Those depend on
    which of many equal Gaussians happens to be nearer. Here the layers are compared by their own
    color, without the background: let `a_l` be the alpha and `c_l` the color over black, divided by
    `a_l`, of the nearest `l` groups. The strength is the mean over `l` of the `color_gradient` of
    `c_l`, times `a_l`: a boundary of the whole image is in all layers that cover it, and where
    groups disagree about it, it is weak.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        layers: Number of groups of equal count L, from 1, the whole image, to K.
        size: Side of the maps in pixels.

    Returns:
        Strength in [0, 1], 0 where every layer has one color; means over 1 are clamped.

    Raises:
        ValueRangeError: There are more groups than Gaussians.
    """
    black = torch.zeros(3, device=gaussians.device)
    shown = render_subsets(gaussians, cumulative_layers(gaussians, layers), size, black)
    colors = shown.color / shown.alpha.clamp_min(MIN_ALPHA)[..., None]
    gradients = color_gradient(
        rearrange(colors, "b l h w c -> (b l) c h w"),
        rearrange(shown.alpha, "b l h w -> (b l) h w"),
    )
    return reduce(gradients, "(b l) h w -> b h w", "mean", l=layers).clamp(0, 1)


def color_gradient(
    images: Float[Tensor, "b 3 h w"], alpha: Float[Tensor, "b h w"] | None = None
) -> Float[Tensor, "b h w"]:
    """Compute the magnitude of the gradient of `rgb_to_lab`, times alpha.

    It is computed as ∇(alpha c) - c ∇alpha, so that the rim of the covered area, where colors c
    end, adds no gradient.

    Args:
        images: sRGB in [0, 1], not multiplied by alpha; at least two pixels high and wide.
        alpha: Coverage of each pixel in [0, 1]; None for 1 everywhere.

    Returns:
        Root of the sum of squared central differences per pixel, >= 0; 0 where alpha is below the
        renderers' threshold, and a pixel has no color.
    """
    coverage = torch.ones_like(images[:, 0]) if alpha is None else alpha
    colors, weights = rgb_to_lab(images), coverage[:, None]
    covered = torch.gradient(weights * colors, dim=(2, 3))
    rims = torch.gradient(weights, dim=(2, 3))
    slopes = [both - colors * rim for both, rim in zip(covered, rims, strict=True)]
    return torch.cat(slopes, dim=1).norm(dim=1) * (coverage >= MIN_ALPHA)


def rgb_to_lab(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Convert sRGB to CIELAB, whose distances are nearly perceptual, at a hundredth of CIE's scale.

    Args:
        images: sRGB in [0, 1].

    Returns:
        L* from 0 to 1; a*, green to red, and b*, blue to yellow, from about -1.1 to 1.
    """
    curve = ((images.clamp_min(0) + 0.055) / 1.055) ** 2.4
    linear = torch.where(images <= 0.04045, images / 12.92, curve)
    to_xyz = images.new_tensor(RGB_TO_XYZ) / images.new_tensor(WHITE)[:, None]
    xyz = einsum(to_xyz, linear, "x c, b c h w -> b x h w")
    line = xyz / (3 * KNEE**2) + 4 / 29
    x, y, z = torch.where(xyz > KNEE**3, xyz.clamp_min(KNEE**3) ** (1 / 3), line).unbind(dim=1)
    return torch.stack([1.16 * y - 0.16, 5 * (x - y), 2 * (y - z)], dim=1)
