"""The capture that settings describe."""

from pathlib import Path

from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.config import CaptureConfig
from gaussrep.fitting.sources.recording import recording_capture
from gaussrep.fitting.sources.transforms import TRANSFORMS, transforms_capture
from gaussrep.fitting.synthetic import SIZE, synthetic_capture

SYNTHETIC = "synthetic:"
SCENES = ("balls",)


def open_capture(config: CaptureConfig) -> Capture:
    """Read all pictures of a capture.

    Args:
        config: Which, and how large.

    Returns:
        Pictures on the CPU, those held out apart.

    Raises:
        DataError: If the path holds no capture, or a file is missing or damaged.
    """
    if config.path.startswith(SYNTHETIC):
        name = config.path.removeprefix(SYNTHETIC)
        if name not in SCENES:
            raise DataError(
                f"{config.path}: there is no such scene; known: {SYNTHETIC}{', '.join(SCENES)}."
            )
        return synthetic_capture(config.hold_out, size=min(config.size or SIZE, SIZE))
    folder = Path(config.path)
    if (folder / TRANSFORMS).is_file():
        return transforms_capture(folder, config)
    if (folder / "frames").is_dir() or any(folder.glob("*/frames")):
        return recording_capture(folder, config)
    raise DataError(
        f"{folder}: this is no capture; wanted a folder with {TRANSFORMS}, the folder of an RGB-D "
        f"recording, or {SYNTHETIC}{SCENES[0]}."
    )
