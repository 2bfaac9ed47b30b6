"""The unit of stored depth, from files that well-known recordings store next to their frames."""

import logging
import re
from functools import cache
from math import isfinite
from pathlib import Path

from gaussrep.data.scenes.frames import MILLIMETERS
from gaussrep.data.unreadable import UnreadableSceneError
from gaussrep.runtime.plain_files import read_json, read_plain_text

log = logging.getLogger("gaussrep")

TUM = 5000.0
"""Steps of depth in a meter of the RGB-D recordings of TUM (Sturm et al. 2012)."""
SHIFT = re.compile(r"^m_depthShift\s*=\s*(\S+)", re.MULTILINE)


def find_depth_scale(folder: Path) -> float:
    """Find the stored depth units per meter of a recording, and log where they come from.

    Args:
        folder: Folder of the recording.

    Returns:
        What `info.txt` of BundleFusion or `cam_params.json` of Replica states, 5000 if there are
        `groundtruth.txt` and `depth.txt` of TUM, else 1000, as in 7-Scenes.

    Raises:
        UnreadableSceneError: If such a file states no number above 0.
    """
    for name, read in (("info.txt", _depth_shift), ("cam_params.json", _replica_scale)):
        path = folder / name
        if path.is_file() and (stated := read(path)) is not None:
            _announce(folder, stated, name)
            return stated
    if (folder / "groundtruth.txt").is_file() and (folder / "depth.txt").is_file():
        _announce(folder, TUM, "groundtruth.txt and depth.txt, those of TUM")
        return TUM
    return MILLIMETERS


@cache
def _announce(folder: Path, scale: float, reason: str) -> None:
    log.info(
        "%s: %g steps of depth are one meter, judged by %s; data.depth_scale sets another number.",
        folder,
        scale,
        reason,
    )


def _depth_shift(path: Path) -> float | None:
    try:
        found = SHIFT.search(read_plain_text(path, "utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    return None if found is None else _positive(path, found[1])


def _replica_scale(path: Path) -> float | None:
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    camera = content.get("camera") if isinstance(content, dict) else None
    scale = camera.get("scale") if isinstance(camera, dict) else None
    return None if scale is None else _positive(path, scale)


def _positive(path: Path, given: object) -> float:
    try:
        number = float(given)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        number = 0.0
    if not (isfinite(number) and number > 0):
        raise _unreadable(path, f"the scale of depth is {given!r}, expected a number above 0")
    return number


def _unreadable(path: Path, reason: str) -> UnreadableSceneError:
    return UnreadableSceneError(f"{path}: cannot be read: {reason}; set data.depth_scale.")
