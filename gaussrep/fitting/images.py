"""Files of a capture: images with transparency, masks and depth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from gaussrep.data.image_files import (
    DECODING_ERRORS,
    SUFFIXES,
    UnreadableImageError,
    opened_image,
    read_image,
    round_to_8_bits,
    shrink_size,
)
from gaussrep.data.scenes.frames import read_depth
from gaussrep.data.scenes.scene_files import read_array
from gaussrep.runtime.plain_files import is_there

ALPHA_MODES = ("RGBA", "LA", "La", "PA", "RGBa")


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
    """Read an image with its transparency, its pixels as they are stored.

    The orientation tag is not applied: poses and camera matrices refer to the stored pixels.

    Args:
        path: An image in any format that Pillow reads.
        image_size: Longer side in pixels; None, or more than the file has, keeps the size.

    Returns:
        The image; its alpha is 1 where the file has none.

    Raises:
        UnreadableImageError: The file is missing or damaged.
    """
    image = _with_alpha(path) or read_image(path, upright=False)
    native_size = image.size
    size = shrink_size(native_size, image_size)
    if size != native_size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    try:
        values = torch.from_numpy(np.asarray(image.convert("RGBA")).copy()).float() / 255
        colors = values[..., :3] * values[..., 3:]
        return ImageFile(torch.cat([colors, values[..., 3:]], -1), native_size)
    except (MemoryError, RuntimeError) as error:  # torch's allocator raises the latter
        raise UnreadableImageError(
            f"{path}: its {size[0]} x {size[1]} pixels do not fit into the memory; give a smaller "
            "image_size."
        ) from error


def read_mask(path: Path, size: tuple[int, int]) -> Bool[Tensor, "h w"]:
    """Read which pixels of an image count.

    Args:
        path: An image of any size, black where a pixel does not count.
        size: Width and height of the result in pixels.

    Returns:
        True where all that a pixel shows counts.

    Raises:
        UnreadableImageError: The file is missing or damaged.
    """
    gray = read_image(path, upright=False).convert("L").point([0, *[255] * 255])
    if gray.size != size:
        gray = gray.resize(size, Image.Resampling.BOX)
    return torch.from_numpy(np.asarray(gray) == 255)


def read_depth_file(path: Path, size: tuple[int, int], scale: float) -> Float[Tensor, "h w"]:
    """Read the depth of an image.

    Args:
        path: 16-bit image or `.npy`, of any size.
        size: Width and height of the result in pixels.
        scale: Stored depth units per scene unit.

    Returns:
        Depth in scene units by the nearest pixel, 0 where it was not measured.

    Raises:
        UnreadableFileError: The file is missing or damaged, or holds no depth.
    """
    depth = _depth_array(path, scale) if path.suffix == ".npy" else read_depth(path, scale)
    rows, columns = (
        ((np.arange(wanted) + 0.5) * stored / wanted).astype(np.int64)
        for wanted, stored in zip(size[::-1], depth.shape, strict=True)
    )
    return torch.from_numpy(depth[rows[:, None], columns])


def find_image(path: Path) -> Path:
    """Find an image whose name may lack its suffix, or have that of another format.

    Args:
        path: The file as a capture names it.

    Returns:
        The file itself if it exists, else the first of the same name with a suffix; else the
        given path, with `.png` if it has no suffix.
    """
    if is_there(path):
        return path
    endings = [".png", *SUFFIXES, ".PNG", ".JPG", ".JPEG"]
    stems = [path.name, path.stem] if path.suffix.lower() in SUFFIXES else [path.name]
    for stem in stems:
        for ending in endings:
            if is_there(found := path.with_name(stem + ending)):
                return found
    return path if path.suffix else path.with_name(f"{path.name}.png")


def _depth_array(path: Path, scale: float) -> np.ndarray:
    depth = read_array(path)
    depth = depth[..., 0] if depth.ndim == 3 and depth.shape[-1] == 1 else depth
    if depth.ndim != 2:
        raise UnreadableImageError(f"{path}: this depth has the shape {list(depth.shape)}.")
    return np.where(np.isfinite(depth) & (depth > 0), depth / scale, 0).astype(np.float32)


def _with_alpha(path: Path) -> Image.Image | None:
    """The image as RGBA, if it can be read and has transparency."""
    try:
        with opened_image(path) as image:
            if image.mode == "RGBA":
                return image.copy()
            key = image.info.get("transparency")
            if image.mode.startswith("I") and isinstance(key, int):
                return _with_transparent_gray(image, key)
            is_transparent = image.mode in ALPHA_MODES or key is not None
            return image.convert("RGBA") if is_transparent else None
    except DECODING_ERRORS:
        return None  # read_image raises the error


def _with_transparent_gray(image: Image.Image, key: int) -> Image.Image:
    """A 16-bit gray image of which one value is transparent."""
    raw = np.asarray(image)
    gray, alpha = round_to_8_bits(raw), np.where(raw == key, 0, 255)
    return Image.fromarray(np.dstack([gray, gray, gray, alpha.astype(np.uint8)]))
