"""CIELAB: colors whose distances are nearly those that people see."""

import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor

XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to XYZ (IEC 61966-2-1); rows sum to the white below."""
WHITE = (0.95047, 1.0, 1.08883)
"""XYZ of D65, for the observer of 2 degrees."""
KNEE = 6 / 29
"""Root at which the cube root goes over into a line (CIE 15)."""


def cielab(pictures: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Lightness, green to red, and blue to yellow; a hundredth of CIE's numbers.

    Args:
        pictures: sRGB in [0, 1].

    Returns:
        L* from 0 to 1, and a* and b* from about -1.1 to 1.
    """
    curve = ((pictures.clamp_min(0) + 0.055) / 1.055) ** 2.4
    linear = torch.where(pictures <= 0.04045, pictures / 12.92, curve)
    to_xyz = pictures.new_tensor(XYZ) / pictures.new_tensor(WHITE)[:, None]
    xyz = einsum(to_xyz, linear, "x c, b c h w -> b x h w")
    line = xyz / (3 * KNEE**2) + 4 / 29
    x, y, z = torch.where(xyz > KNEE**3, xyz.clamp_min(KNEE**3) ** (1 / 3), line).unbind(dim=1)
    return torch.stack([1.16 * y - 0.16, 5 * (x - y), 2 * (y - z)], dim=1)
