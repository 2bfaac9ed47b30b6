"""Taking a lens's distortion out of a picture."""

from collections.abc import Sequence

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor


def undistorted(
    picture: Float[Tensor, "h w c"],
    K: Float[np.ndarray, "3 3"],
    coefficients: Sequence[float],
) -> Float[Tensor, "h w c"]:
    """Resample a picture as a pinhole of the same camera matrix would have taken it.

    Args:
        picture: As the lens took it.
        K: Its camera matrix, pixel centers at +0.5.
        coefficients: OpenCV's k1, k2, p1, p2, k3.

    Returns:
        A picture of the same size, bilinear between pixels; what the lens did not see repeats the
        border.
    """
    height, width = picture.shape[:2]
    fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    columns, rows = (torch.arange(n, dtype=torch.float64) + 0.5 for n in (width, height))
    y, x = torch.meshgrid((rows - cy) / fy, (columns - cx) / fx, indexing="ij")
    bent_x, bent_y = _bend(x, y, coefficients)
    grid = torch.stack(
        [2 * (fx * bent_x + cx) / width - 1, 2 * (fy * bent_y + cy) / height - 1], -1
    )
    sampled = torch.nn.functional.grid_sample(
        rearrange(picture, "h w c -> 1 c h w"),
        grid[None].to(picture.dtype),
        padding_mode="border",
        align_corners=False,
    )
    return rearrange(sampled, "1 c h w -> h w c")


def _bend(x: Tensor, y: Tensor, coefficients: Sequence[float]) -> tuple[Tensor, Tensor]:
    """OpenCV's radial and tangential distortion of slopes."""
    k1, k2, p1, p2, k3 = coefficients
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    return bent_x, bent_y
