"""Posed RGB-D frames and their files."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, UInt8
from PIL import Image

from gaussrep.data.image_files import (
    DECODING_ERRORS,
    UnreadableImageError,
    opened_image,
    read_image,
    shrink_size,
)
from gaussrep.data.scenes.camera_matrices import resize_intrinsics
from gaussrep.data.unreadable import LeftOutFrames, UnreadableSceneError
from gaussrep.errors import DataError
from gaussrep.runtime.atomic_files import atomic_write


@dataclass(frozen=True, eq=False)
class RGBDFrame:
    """A posed RGB-D frame.

    Args:
        image: RGB, of the same size as the depth.
        depth: Distance along the optical axis in meters, 0 where it was not measured.
        viewmat: World-to-camera matrix, OpenCV camera axes.
        intrinsics: Camera matrix for the frame's size; pixel centers are at +0.5.
    """

    image: UInt8[np.ndarray, "height width 3"]
    depth: Float32[np.ndarray, "height width"]
    viewmat: Float32[np.ndarray, "4 4"]
    intrinsics: Float[np.ndarray, "3 3"]


MILLIMETERS = 1000.0
"""Stored depth units per meter."""
NO_DEPTH = 65535
"""Value that some recordings store, besides 0, where nothing was measured."""
JPEG_QUALITY = 95
"""Design choice: the loss at this quality is below a sensor's noise."""


def read_depth(path: Path, depth_scale: float = MILLIMETERS) -> Float32[np.ndarray, "height width"]:
    """Read a 16-bit depth image.

    Args:
        path: The image file.
        depth_scale: Stored depth units per meter.

    Returns:
        Depth in meters; 0 where the file holds 0 or 65535.

    Raises:
        UnreadableImageError: If the file is missing or damaged, or is not a 16-bit grayscale image.
    """
    return _in_meters(_read_steps(path), depth_scale)


def _read_steps(path: Path) -> np.ndarray:
    """Read a depth image as it is stored."""
    with _opened_depth(path) as image:
        mode = image.mode
        steps = np.asarray(image)
    if not mode.startswith("I"):
        raise UnreadableImageError(
            f"{path}: this depth is an image of mode {mode}, expected sixteen bits of gray."
        )
    return steps


def _in_meters(steps: np.ndarray, depth_scale: float) -> Float32[np.ndarray, "height width"]:
    measured = np.where(steps >= NO_DEPTH, 0, steps)
    return (measured / depth_scale).astype(np.float32)


@contextmanager
def _opened_depth(path: Path) -> Iterator[Image.Image]:
    """Open a depth image; turn whatever Pillow raises into `UnreadableImageError`."""
    try:
        with opened_image(path) as image:
            yield image
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: there is no such file.") from error
    except DECODING_ERRORS as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableImageError(
            f"{path}: this depth cannot be read ({reason}); remove the frame or replace it."
        ) from error


def write_depth(depth: Float32[np.ndarray, "height width"], path: Path) -> None:
    """Write depth as a 16-bit PNG in millimeters, atomically.

    Args:
        depth: Meters, from 0 (not measured) up to 65.534.
        path: Output file; overwritten if it exists.

    Raises:
        DataError: If a value cannot be stored.
    """
    steps = np.round(depth * MILLIMETERS)
    if not ((steps >= 0) & (steps < NO_DEPTH)).all():
        raise DataError(
            f"{path}: depth reaches from {depth.min()} to {depth.max()} m, expected 0 to 65.534 m; "
            "write 0 where it was not measured."
        )
    with atomic_write(path) as temporary:
        Image.fromarray(steps.astype(np.uint16)).save(temporary, format="PNG")


def write_color_image(image: UInt8[np.ndarray, "height width 3"], path: Path) -> None:
    """Write a color image as a JPEG, atomically.

    Args:
        image: RGB.
        path: Output file; overwritten if it exists.
    """
    with atomic_write(path) as temporary:
        Image.fromarray(image).save(temporary, format="JPEG", quality=JPEG_QUALITY, subsampling=0)


@dataclass(frozen=True, eq=False)
class FrameRef:
    """A reference to an RGB-D frame on the disk, with its camera; nothing is read yet.

    Args:
        number: Number of the frame in its scene.
        color: File of the color image.
        depth: File of the depth image, 16 bits.
        viewmat: World-to-camera matrix, finite, OpenCV camera axes.
        intrinsics: Camera matrix for the size of the depth image; pixel centers are at +0.5.
        color_focal: Focal length of the color image in its own pixels, if it is not registered
            to the depth; None if color and depth show the same image.
        depth_scale: Stored depth units per meter.
    """

    number: int
    color: Path
    depth: Path
    viewmat: Float[np.ndarray, "4 4"]
    intrinsics: Float[np.ndarray, "3 3"]
    color_focal: float | None = None
    depth_scale: float = MILLIMETERS

    def size(self, longest: int | None = None) -> tuple[int, int]:
        """Read the size of the depth image from its header, without decoding it.

        Args:
            longest: Longer side in pixels of a smaller image of the same view; None keeps the size.

        Returns:
            Height and width in pixels.

        Raises:
            UnreadableImageError: If the file is missing or its header is damaged.
        """
        with _opened_depth(self.depth) as image:
            width, height = shrink_size(image.size, longest)
        return height, width

    def intrinsics_at(self, size: tuple[int, int]) -> Float[np.ndarray, "3 3"]:
        """Scale the camera matrix to another size of the same view.

        Args:
            size: Height and width in pixels.

        Returns:
            The camera matrix for that size; pixel centers are at +0.5.

        Raises:
            UnreadableImageError: If the depth image is missing or its header is damaged.
        """
        return resize_intrinsics(self.intrinsics, self.size(), size)

    def read(self, size: tuple[int, int] | None = None) -> RGBDFrame:
        """Read the frame, its pixels as they are stored: poses do not refer to upright images.

        A color image of another size than the depth is taken to show the same view: ScanNet's come
        from two cameras, and their small offset is ignored, as is common. A color image with its
        own focal length is cropped to the field of view of the depth.

        Args:
            size: Height and width of the result in pixels; by default those of the depth.

        Returns:
            The frame. Color is resampled bilinearly with antialiasing, depth by the nearest pixel.

        Raises:
            UnreadableImageError: If a file is missing or damaged.
            UnreadableSceneError: If the field of view of the color image is smaller than that of
                the depth.
        """
        steps = _read_steps(self.depth)
        rows, columns = size or steps.shape
        color = read_image(self.color, upright=False)
        box = _seen_by_depth(self, color, steps.shape)
        if box is not None or color.size != (columns, rows):
            color = color.resize((columns, rows), Image.Resampling.BILINEAR, box=box)
        nearest = steps[_nearest(rows, steps.shape[0])[:, None], _nearest(columns, steps.shape[1])]
        return RGBDFrame(
            np.asarray(color),
            _in_meters(nearest, self.depth_scale),
            self.viewmat.astype(np.float32),
            resize_intrinsics(self.intrinsics, steps.shape, (rows, columns)),
        )


def refs_of_one_size(refs: Sequence[FrameRef], left_out: LeftOutFrames) -> list[FrameRef]:
    """Select the frames whose depth image has the size of most.

    One camera matrix serves all frames of a recording, and fits only depth of one size.

    Args:
        refs: Frames of one recording.
        left_out: Collects the other frames, and those whose depth cannot be opened.

    Returns:
        The selected frames, in their order.
    """
    sizes: dict[int, tuple[int, int]] = {}
    for place, ref in enumerate(refs):
        try:
            sizes[place] = ref.size()
        except UnreadableImageError as error:
            left_out.add(ref.color.name, error)
    if not sizes:
        return []
    (common, _), *_ = Counter(sizes.values()).most_common(1)
    for place, (height, width) in sizes.items():
        if (height, width) != common:
            left_out.add(
                refs[place].color.name,
                f"its depth has {width}x{height} pixels, that of most frames "
                f"{common[1]}x{common[0]}",
            )
    return [refs[place] for place, size in sizes.items() if size == common]


def _seen_by_depth(
    ref: FrameRef, color: Image.Image, depth_size: tuple[int, ...]
) -> tuple[float, float, float, float] | None:
    """Return left, top, right and bottom of the depth's field of view, in color pixels."""
    if ref.color_focal is None:
        return None
    size = np.array(color.size)
    focal = np.array([ref.intrinsics[0, 0], ref.intrinsics[1, 1]])
    margin = (size - np.array(depth_size[::-1]) * ref.color_focal / focal) / 2
    if margin.min() < 0:
        raise UnreadableSceneError(
            f"{ref.color}: with a focal length of {ref.color_focal:g} pixels this color image "
            f"sees less than the depth, whose focal length is {focal[0]:g}; lower data.color_focal."
        )
    left, upper = margin.tolist()
    return left, upper, color.width - left, color.height - upper


def _nearest(wanted: int, size: int) -> np.ndarray:
    return ((np.arange(wanted) + 0.5) * size / wanted).astype(np.int64)
