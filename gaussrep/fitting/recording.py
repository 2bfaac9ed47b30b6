"""The capture format of RGB-D recordings: images, depth, and the points fused from them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from gaussrep.cameras import Cameras
from gaussrep.data.scenes.config import RgbdSourceConfig
from gaussrep.data.scenes.frames import FrameRef, RGBDFrame, refs_of_one_size
from gaussrep.data.scenes.rgbd.source import RgbdSource
from gaussrep.data.unreadable import LeftOutFrames, UnreadableFileError
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture, PosedImages
from gaussrep.fitting.config import RecordingConfig


def recording_capture(config: RecordingConfig, path: str) -> Capture:
    """Read a recording, rotated so that z is up.

    Args:
        config: Size of the images, which views to hold out, and the folder for fused clouds.
        path: Folder of one recording, in the layout of the data set `rgbd`.

    Returns:
        Images with depth; the points are fused from the views that are not held out.

    Raises:
        DataError: There are several recordings, or none whose frames can be read.
    """
    folder = Path(path)
    cache = None if config.cache is None else Path(config.cache)
    settings = RgbdSourceConfig(
        root=folder,
        hold_out=config.hold_out_every,
        cache=cache,
        voxel=config.voxel,
        depth_scale=config.depth_scale,
    )
    source = RgbdSource(settings, "train")
    if len(source.names) != 1:
        raise DataError(
            f"{folder}: there are {len(source.names)} recordings here, {', '.join(source.names)}; "
            "give the folder of one."
        )
    name = source.names[0]
    cloud = source.cloud(name)
    train = _read_all(source.frames(name), config.image_size)
    held_out = _read_all(RgbdSource(settings, "val").frames(name), config.image_size)
    return Capture(train, held_out, cloud.points, cloud.colors)


def _read_all(refs: Sequence[FrameRef], image_size: int | None) -> PosedImages:
    frames: list[RGBDFrame] = []
    left_out = LeftOutFrames(refs[0].color.parent)
    for ref in refs_of_one_size(refs, left_out):
        try:
            frames.append(ref.read(ref.size(image_size)))
        except UnreadableFileError as error:
            left_out.add(ref.color.name, error)
    if not frames:
        raise DataError(left_out.describe_all(len(refs)))
    left_out.warn(len(refs))
    return _stack(frames)


def _stack(frames: Sequence[RGBDFrame]) -> PosedImages:
    colors, depths, viewmats = (
        torch.from_numpy(np.stack([getattr(each, name) for each in frames]))
        for name in ("image", "depth", "viewmat")
    )
    Ks = torch.from_numpy(np.stack([each.intrinsics for each in frames])).float()
    cameras = Cameras(viewmats, Ks, width=depths.shape[2], height=depths.shape[1])
    return PosedImages(colors.float() / 255, cameras, depths=depths)
