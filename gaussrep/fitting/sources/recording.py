"""Captures from RGB-D recordings: pictures, depth, and the points that they measured."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from gaussrep.cameras import Cameras
from gaussrep.data.scenes.config import RgbdSourceConfig
from gaussrep.data.scenes.frames import FrameRef, RGBDFrame, depth_size, read_rgbd_frame
from gaussrep.data.scenes.rgbd.source import RgbdSource
from gaussrep.data.unreadable import UnreadableFileError
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture, PosedPictures
from gaussrep.fitting.config import CaptureConfig
from gaussrep.fitting.sources.picture import smaller

log = logging.getLogger(__name__)


def recording_capture(folder: Path, config: CaptureConfig) -> Capture:
    """Read a recording, turned so that z is up.

    Args:
        folder: As the data set `rgbd` wants it, with one recording.
        config: Sizes, what to hold out, and where fused clouds are kept.

    Returns:
        Pictures with depth; the points are fused from those that are not held out.

    Raises:
        DataError: If there are several recordings, or none whose frames can be read.
    """
    cache = None if config.cache is None else Path(config.cache)
    settings = RgbdSourceConfig(root=folder, hold_out=config.hold_out, cache=cache)
    source = RgbdSource(settings, "train")
    if len(source.names) != 1:
        raise DataError(
            f"{folder}: there are {len(source.names)} recordings here, {', '.join(source.names)}; "
            "give the folder of one."
        )
    name = source.names[0]
    cloud = source.cloud(name)
    train = _read_all(source.frames(name), config.size)
    held_out = _read_all(RgbdSource(settings, "val").frames(name), config.size)
    return Capture(train, held_out, cloud.points, cloud.colors)


def _read_all(refs: Sequence[FrameRef], size: int | None) -> PosedPictures:
    frames: list[RGBDFrame] = []
    for ref in refs:
        try:
            height, width = depth_size(ref.depth)
            columns, rows = smaller((width, height), size)
            frames.append(read_rgbd_frame(ref, (rows, columns)))
        except UnreadableFileError as error:
            log.warning("left out: %s", error)
    if not frames:
        folder = refs[0].color.parent
        raise DataError(f"{folder}: none of these {len(refs)} frames can be read.")
    return _stacked(frames)


def _stacked(frames: Sequence[RGBDFrame]) -> PosedPictures:
    colors, depths, viewmats = (
        torch.from_numpy(np.stack([getattr(each, name) for each in frames]))
        for name in ("image", "depth", "viewmat")
    )
    Ks = torch.from_numpy(np.stack([each.intrinsics for each in frames])).float()
    cameras = Cameras(viewmats, Ks, width=depths.shape[2], height=depths.shape[1])
    return PosedPictures(colors.float() / 255, cameras, depths=depths)
