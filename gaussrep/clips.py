"""Write clips: animated GIF and WebP, MP4, or a folder of PNG images. Never imports torch."""

import os
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gaussrep.errors import ConfigError, DataError, UnavailableError
from gaussrep.runtime.atomic_files import atomic_folder, atomic_write
from gaussrep.runtime.console import Progress

ANIMATIONS = {".gif": "GIF", ".webp": "WEBP"}
"""Pillow's formats by suffix."""
SUFFIXES = (*ANIMATIONS, ".mp4", "")
"""Suffixes of clips; a path without one is a folder of PNG images."""
FFMPEG = "imageio-ffmpeg>=0.6"
BT709 = (
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv"),
    *("-colorspace", "bt709", "-color_range", "tv"),
)
"""Options of ffmpeg: its default, BT.601 without a name, is read as BT.709 by players of HD."""


def check_clip(path: Path, width: int, height: int) -> None:
    """Check that a clip can be written, without writing it.

    Args:
        path: Output file, or a folder where the path has no suffix.
        width: Width in pixels.
        height: Height in pixels.

    Raises:
        ConfigError: The suffix is unknown, the folder exists, or the size is odd and H.264 needs
            an even one.
        UnavailableError: MP4 is requested and imageio-ffmpeg is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(f"{path}: a clip is *.gif, *.webp, *.mp4, or a folder of PNG images.")
    if not suffix and path.exists():
        raise ConfigError(f"{path}: exists already; name a new folder for the images of the clip.")
    if suffix != ".mp4":
        return
    if width % 2 or height % 2:
        raise ConfigError(f"{path}: an MP4 has even sides, got {width}x{height}.")
    try:
        import imageio_ffmpeg as _  # noqa: F401
    except ImportError as error:
        raise UnavailableError(
            f'{path}: MP4 needs {FFMPEG}: pip install "{FFMPEG}", or write *.webp or a folder.'
        ) from error


def write_clip(frames: Iterable[np.ndarray], path: Path, fps: int) -> None:
    """Write a clip; nothing is left behind where it fails.

    Args:
        frames: Images, uint8 [H, W, 3], or [H, W] in gray.
        path: `.gif`, `.webp`, `.mp4` (H.264, needs imageio-ffmpeg), or a new folder without
            suffix for `00000.png`, `00001.png`, …
        fps: Frames per second; a GIF rounds the duration of a frame to hundredths of a second.

    Raises:
        DataError: The clip cannot be written.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in ANIMATIONS:
            _write_animation(frames, path, fps)
        elif suffix == ".mp4":
            _write_mp4(frames, path, fps)
        else:
            _write_folder(frames, path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}.") from error


def _write_animation(frames: Iterable[np.ndarray], path: Path, fps: int) -> None:
    first, *others = [Image.fromarray(frame) for frame in frames]
    options = {} if path.suffix.lower() == ".gif" else {"quality": 85, "method": 4}
    with Progress(f"writing {path}"), atomic_write(path) as temporary:
        first.save(
            temporary, format=ANIMATIONS[path.suffix.lower()], save_all=True,
            append_images=others, duration=round(1000 / fps), loop=0, **options,
        )  # fmt: skip


def _write_mp4(frames: Iterable[np.ndarray], path: Path, fps: int) -> None:
    with atomic_write(path) as temporary:
        writer = None
        try:
            for frame in frames:
                if writer is None:
                    writer = _open_mp4(temporary, frame, fps)
                writer.send(frame.tobytes())
        finally:
            if writer is not None:
                writer.close()


def _open_mp4(path: Path, frame: np.ndarray, fps: int) -> Generator[Any, Any, Any]:
    import imageio_ffmpeg

    pixels, colors = ("gray", ()) if frame.ndim == 2 else ("rgb24", BT709)
    writer = imageio_ffmpeg.write_frames(
        os.fspath(path), (frame.shape[1], frame.shape[0]), fps=fps, macro_block_size=2,
        codec="libx264", pix_fmt_in=pixels, quality=8, output_params=[*colors, "-f", "mp4"],
    )  # fmt: skip
    writer.send(None)
    return writer


def _write_folder(frames: Iterable[np.ndarray], path: Path) -> None:
    with atomic_folder(path) as temporary:
        for number, frame in enumerate(frames):
            Image.fromarray(frame).save(temporary / f"{number:05d}.png")
