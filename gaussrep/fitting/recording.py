"""The capture format of RGB-D recordings: images, depth, and the points fused from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import pad

from gaussrep.data.scenes.config import RgbdSourceConfig
from gaussrep.data.scenes.frames import FrameRef, refs_of_one_size
from gaussrep.data.scenes.rgbd.source import RgbdSource
from gaussrep.data.unreadable import LeftOutFrames
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.capture_config import RecordingConfig
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.stored_images import DecodedView, StoredImages, ViewFile, read_views


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
        hold_out_every=config.hold_out_every,
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
    train = _read_all(source.frames(name), config)
    held_out = _read_all(RgbdSource(settings, "val").frames(name), config)
    return Capture(train, held_out, cloud.points, cloud.colors)


@dataclass(frozen=True, eq=False)
class _RecordedFrame(ViewFile):
    ref: FrameRef
    size: tuple[int, int]

    @property
    def name(self) -> str:
        return self.ref.color.name

    def read(self) -> DecodedView:
        frame = self.ref.read(self.size)
        colors = torch.from_numpy(np.array(frame.image)).float() / 255
        depth = torch.from_numpy(np.array(frame.depth))
        return DecodedView(
            pad(colors, (0, 1), value=1.0), frame.intrinsics, frame.viewmat, depth=depth
        )


def _read_all(refs: Sequence[FrameRef], config: RecordingConfig) -> PosedImages | StoredImages:
    left_out = LeftOutFrames(refs[0].color.parent)
    usable = refs_of_one_size(refs, left_out)
    size = usable[0].size(config.image_size) if usable else (0, 0)
    files = [_RecordedFrame(ref, size) for ref in usable]
    return read_views(files, left_out, config.max_memory_gb, listed=len(refs)).images
