"""Files of exported frames: `color`, `depth` and `pose`, one file of each per frame."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from gaussrep.data.scenes.scene_files import read_viewmat
from gaussrep.data.unreadable import LeftOutFrames, UnreadableSceneError

COLOR_SUFFIXES = (".jpg", ".jpeg", ".png")


def find_color_files(folder: Path) -> dict[int, Path]:
    """Find the color images whose names are numbers, with or without leading zeros.

    Args:
        folder: Folder of color images.

    Returns:
        Files by number, in the order of the numbers.
    """
    found = {
        int(path.stem): path
        for suffix in COLOR_SUFFIXES
        for path in folder.glob(f"*{suffix}")
        if path.stem.isascii() and path.stem.isdigit()
    }
    return dict(sorted(found.items()))


def depth_file(color: Path) -> Path:
    """Return the path of the depth image of a frame.

    Args:
        color: Its color image.

    Returns:
        The PNG of the same name in the folder `depth`.
    """
    return color.parent.with_name("depth") / f"{color.stem}.png"


def read_viewmats(
    folder: Path, colors: Mapping[int, Path], left_out: LeftOutFrames
) -> dict[int, Float64[np.ndarray, "4 4"]]:
    """Read the poses of frames.

    Args:
        folder: Folder of poses.
        colors: Color images by number.
        left_out: Collects the frames whose pose is missing, damaged or not finite.

    Returns:
        World-to-camera matrices by number.
    """
    viewmats = {}
    for number, color in colors.items():
        try:
            viewmats[number] = read_viewmat(folder / f"{color.stem}.txt")
        except UnreadableSceneError as error:
            left_out.add(color.name, error)
    return viewmats
