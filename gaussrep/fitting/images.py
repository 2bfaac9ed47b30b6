"""Images of a capture: reading with transparency, resizing, undistortion."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from gaussrep.data.image_files import DECODING_ERRORS, read_image, shrink_size


@dataclass(frozen=True, eq=False)
class ImageFile:
    """An image as colors and alpha.

    Args:
        values: RGB multiplied by alpha, and alpha, in [0, 1].
        native_size: Width and height of the file.
    """

    values: Float[Tensor, "h w 4"]
    native_size: tuple[int, int]


def read_image_file(path: Path, image_size: int | None) -> ImageFile:
    """Read an image with its transparency.

    Args:
        path: An image in any format that Pillow reads.
        image_size: Longer side in pixels; None, or more than the file has, keeps the size.

    Returns:
        The image; its alpha is 1 where the file has none.

    Raises:
        UnreadableImageError: The file is missing or damaged.
    """
    image = _with_alpha(path) or read_image(path)
    native_size = image.size
    size = shrink_size(native_size, image_size)
    if size != native_size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    values = torch.from_numpy(np.asarray(image.convert("RGBA")).copy()).float() / 255
    colors = values[..., :3] * values[..., 3:]
    return ImageFile(torch.cat([colors, values[..., 3:]], -1), native_size)


def undistort(
    image: Float[Tensor, "h w c"],
    K: Float[np.ndarray, "3 3"],
    coefficients: Sequence[float],
) -> Float[Tensor, "h w c"]:
    """Resample an image to a pinhole camera of the same camera matrix.

    Args:
        image: Image of the distorting lens.
        K: Its camera matrix, pixel centers at +0.5.
        coefficients: OpenCV's k1, k2, p1, p2, k3.

    Returns:
        An image of the same size, bilinear between pixels; pixels that the lens did not see repeat
        the border.
    """
    height, width = image.shape[:2]
    fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    columns, rows = (torch.arange(n, dtype=torch.float64) + 0.5 for n in (width, height))
    y, x = torch.meshgrid((rows - cy) / fy, (columns - cx) / fx, indexing="ij")
    bent_x, bent_y = _distort(x, y, coefficients)
    grid = torch.stack(
        [2 * (fx * bent_x + cx) / width - 1, 2 * (fy * bent_y + cy) / height - 1], -1
    )
    sampled = torch.nn.functional.grid_sample(
        rearrange(image, "h w c -> 1 c h w"),
        grid[None].to(image.dtype),
        padding_mode="border",
        align_corners=False,
    )
    return rearrange(sampled, "1 c h w -> h w c")


def _distort(x: Tensor, y: Tensor, coefficients: Sequence[float]) -> tuple[Tensor, Tensor]:
    """OpenCV's radial and tangential distortion of slopes."""
    k1, k2, p1, p2, k3 = coefficients
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    return bent_x, bent_y


def _with_alpha(path: Path) -> Image.Image | None:
    """The image, if it can be read and has an alpha channel."""
    try:
        with Image.open(path) as image:
            return image.copy() if image.mode == "RGBA" else None
    except DECODING_ERRORS:
        return None  # read_image raises the error
