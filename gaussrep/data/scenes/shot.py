"""Shot: where one RGB-D frame lies on the disk, and from where it was taken."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float64
from PIL import Image

from gaussrep.data.image_file import read_image
from gaussrep.data.scenes.frame import Frame
from gaussrep.data.scenes.frame_files import read_depth
from gaussrep.data.scenes.intrinsics import resized
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError


@dataclass(frozen=True, eq=False)
class Shot:
    """One RGB-D frame that is not read yet.

    Args:
        number: Its number in its scene.
        color: The photograph.
        depth: The depth, sixteen bits, millimeters.
        viewmat: World-to-camera matrix, finite.
        intrinsics: Camera matrix for the size that the depth has; pixel centers lie at +0.5.
        color_focal: Focal length of the photograph in its own pixels, where it was not brought into
            line with the depth; None where both show the same picture.
    """

    number: int
    color: Path
    depth: Path
    viewmat: Float[np.ndarray, "4 4"]
    intrinsics: Float[np.ndarray, "3 3"]
    color_focal: float | None = None


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """A frame and its camera.

    Args:
        frame: The frame.
        intrinsics: Camera matrix for the frame's size; pixel centers lie at +0.5.
    """

    frame: Frame
    intrinsics: Float64[np.ndarray, "3 3"]


def read_shot(shot: Shot, size: tuple[int, int] | None = None) -> CameraFrame:
    """Read a frame.

    A photograph of another size than the depth's shows the same picture: ScanNet's come from two
    cameras, and the small difference between these is ignored, as it commonly is. Where the
    photograph has a focal length of its own, the middle that the depth sees is cut out of it.

    Args:
        shot: Which one.
        size: Height and width wanted; by default those of the depth.

    Returns:
        The frame; color is resampled with a filter that averages, depth takes the nearest pixel.

    Raises:
        UnreadableImageError: If a file is missing or damaged.
        UnreadableSceneError: If the photograph sees less than the depth.
    """
    depth = read_depth(shot.depth)
    rows, columns = size or depth.shape
    photograph = read_image(shot.color)
    box = _seen_by_depth(shot, photograph, depth.shape)
    if box is not None or photograph.size != (columns, rows):
        photograph = photograph.resize((columns, rows), Image.Resampling.BILINEAR, box=box)
    nearest = depth[_nearest(rows, depth.shape[0])[:, None], _nearest(columns, depth.shape[1])]
    frame = Frame(np.asarray(photograph), nearest, shot.viewmat.astype(np.float32))
    return CameraFrame(frame, resized(shot.intrinsics, depth.shape, (rows, columns)))


def _seen_by_depth(
    shot: Shot, photograph: Image.Image, depth_size: tuple[int, ...]
) -> tuple[float, float, float, float] | None:
    """Left, upper, right and lower edge of what the depth sees, in pixels of the photograph."""
    if shot.color_focal is None:
        return None
    size = np.array(photograph.size)
    focal = np.array([shot.intrinsics[0, 0], shot.intrinsics[1, 1]])
    margin = (size - np.array(depth_size[::-1]) * shot.color_focal / focal) / 2
    if margin.min() < 0:
        raise UnreadableSceneError(
            f"{shot.color}: with a focal length of {shot.color_focal:g} pixels this photograph "
            f"sees less than the depth, whose focal length is {focal[0]:g}; lower data.color_focal."
        )
    left, upper = margin.tolist()
    return left, upper, photograph.width - left, photograph.height - upper


def _nearest(wanted: int, size: int) -> np.ndarray:
    return ((np.arange(wanted) + 0.5) * size / wanted).astype(np.int64)
