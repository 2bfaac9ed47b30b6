"""Reading a picture with its transparency, smaller if wanted."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from gaussrep.data.image_files import DECODING_ERRORS, read_image


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as colors and alpha.

    Args:
        values: RGB multiplied by alpha, and alpha, in [0, 1].
        native: Width and height that it has on the disk.
    """

    values: Float[Tensor, "h w 4"]
    native: tuple[int, int]


def read_picture(path: Path, size: int | None) -> Picture:
    """Read a picture.

    Args:
        path: A picture in any format that Pillow reads.
        size: Longest side wanted; None, or more than the picture has, keeps it as it is.

    Returns:
        The picture; its alpha is 1 where the file has none.

    Raises:
        UnreadableImageError: If the file is missing or damaged.
    """
    image = _with_alpha(path) or read_image(path)
    native = image.size
    wanted = smaller(native, size)
    if wanted != native:
        image = image.resize(wanted, Image.Resampling.LANCZOS)
    values = torch.from_numpy(np.asarray(image.convert("RGBA")).copy()).float() / 255
    return Picture(torch.cat([values[..., :3] * values[..., 3:], values[..., 3:]], -1), native)


def smaller(size: tuple[int, int], longest: int | None) -> tuple[int, int]:
    """Shrink a size so that its longer side fits.

    Args:
        size: Width and height.
        longest: Largest length wanted; None keeps the size.

    Returns:
        Width and height, at least 1.

    Example:
        >>> smaller((640, 480), 160)
        (160, 120)
    """
    if longest is None or max(size) <= longest:
        return size
    width, height = (max(1, round(side * longest / max(size))) for side in size)
    return width, height


def _with_alpha(path: Path) -> Image.Image | None:
    """The picture, if it can be read and has an alpha channel."""
    try:
        with Image.open(path) as image:
            return image.copy() if image.mode == "RGBA" else None
    except DECODING_ERRORS:
        return None  # said by whoever reads it next
