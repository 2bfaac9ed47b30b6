"""One RGB-D recording in the manner of 7-Scenes."""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from gaussrep.data.scenes import intrinsics as pixels
from gaussrep.data.scenes.array_file import read_matrix
from gaussrep.data.scenes.poses import inverted
from gaussrep.data.scenes.shot import Shot
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError
from gaussrep.errors import DataError

INTRINSICS = "camera-intrinsics.txt"
WANTED = f"{INTRINSICS} and frames/frame-000000.{{color.jpg,depth.png,pose.txt}}"


def find_recordings(root: Path) -> dict[str, Path]:
    """Find the recordings in a folder.

    Args:
        root: The folder of one recording, or of several.

    Returns:
        Their folders by name, sorted.

    Raises:
        DataError: If there is none.
    """
    if (root / "frames").is_dir():
        return {root.resolve().name: root}
    found = sorted(folder.parent for folder in root.glob("*/frames") if folder.is_dir())
    if not found:
        raise DataError(f"{root}: there is no recording here; wanted folders that hold {WANTED}.")
    return {folder.name: folder for folder in found}


def list_shots(folder: Path) -> tuple[Shot, ...]:
    """List the frames of a recording whose poses are finite, in the order of time.

    Args:
        folder: Holds `camera-intrinsics.txt` and `frames`.

    Returns:
        At least one frame, in the coordinates of the poses.

    Raises:
        UnreadableSceneError: If there is none, or the intrinsics or a pose cannot be read.
    """
    K = _read_intrinsics(folder / INTRINSICS)
    shots = []
    for path in sorted((folder / "frames").glob("*.pose.txt")):
        stem = path.name.removesuffix(".pose.txt")
        viewmat = inverted(read_matrix(path))
        number = re.search(r"\d+$", stem)
        if viewmat is not None and number is not None:
            color = _photograph(path.with_name(stem))
            shots.append(
                Shot(int(number[0]), color, path.with_name(f"{stem}.depth.png"), viewmat, K)
            )
    if not shots:
        raise UnreadableSceneError(
            f"{folder / 'frames'}: there is no frame with a finite pose here."
        )
    return tuple(shots)


def _read_intrinsics(path: Path) -> Float64[np.ndarray, "3 3"]:
    matrix = read_matrix(path)
    if not np.isfinite(matrix).all():
        raise UnreadableSceneError(f"{path}: this matrix is not finite.")
    return pixels.from_file(matrix)


def _photograph(stem: Path) -> Path:
    png = stem.with_name(f"{stem.name}.color.png")
    return png if png.is_file() else stem.with_name(f"{stem.name}.color.jpg")
