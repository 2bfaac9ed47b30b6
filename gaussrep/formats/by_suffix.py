"""Loading and saving of Gaussians in the format of a file's suffix.

Torch computes on one thread: formats take few rows at a time, for which two threads take as long,
and twice the processor time.
"""

from os import PathLike
from pathlib import Path
from typing import Any

from gaussrep.building import build
from gaussrep.formats.suffixes import format_of
from gaussrep.gaussians import Gaussians
from gaussrep.kernels.thread_count import torch_on_one_thread


@torch_on_one_thread()
def load(path: str | PathLike[str], **settings: Any) -> Gaussians:
    """Read Gaussians from a file.

    Args:
        path: The file; its suffix names the format, in upper or lower case.
        **settings: Settings of the format, such as `axes="ply"` of SPZ, or `strict=True`.

    Returns:
        One scene on the CPU. What the file holds and the scene does not is logged, one line each.

    Raises:
        ConfigError: If the format has no such setting.
        FormatError: If no format reads this suffix, or the file is missing or damaged.
    """
    path = Path(path)
    chosen = {**settings, "type": format_of(path, reading=True)}
    return build("formats", chosen).read(path)


@torch_on_one_thread()
def save(gaussians: Gaussians, path: str | PathLike[str], **settings: Any) -> None:
    """Write Gaussians to a file atomically.

    Args:
        gaussians: One scene, without batch axes.
        path: The file; its suffix names the format. It is overwritten if it exists.
        **settings: Settings of the format, such as `version=2` of SPZ.

    Raises:
        ConfigError: If the format has no such setting.
        FormatError: If no format writes this suffix, the format cannot hold these Gaussians, or
            the file cannot be written.
    """
    path = Path(path)
    chosen = {**settings, "type": format_of(path, reading=False)}
    build("formats", chosen).write(gaussians, path)
