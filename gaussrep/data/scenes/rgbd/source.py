"""Scenes that are fused from RGB-D recordings."""

from dataclasses import replace

import numpy as np

from gaussrep.data.sample import Split
from gaussrep.data.scenes.config import RgbdConfig
from gaussrep.data.scenes.point_cloud import PointCloud
from gaussrep.data.scenes.rgbd.fused_file import read_or_fuse
from gaussrep.data.scenes.rgbd.recording import find_recordings, list_shots
from gaussrep.data.scenes.rgbd.upright import upright
from gaussrep.data.scenes.shot import Shot
from gaussrep.data.scenes.source import SceneSource
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError


class RgbdSource(SceneSource):
    """Recordings of rooms, each fused once to a cloud without labels.

    Both splits have the same rooms and the same clouds; their views differ.

    Args:
        config: Where the recordings are, and how they are fused.
        split: `train` views were fused, `val` views were held out.

    Raises:
        DataError: If there is no recording.
    """

    def __init__(self, config: RgbdConfig, split: Split) -> None:
        self._folders = find_recordings(config.root)
        super().__init__(tuple(self._folders), ())
        self._config = config
        self._split: Split = split

    def cloud(self, name: str) -> PointCloud:
        """Read the fused points of a room; fuses them the first time, which takes a while."""
        return read_or_fuse(self._folders[name], self._views(name, "train"), self._config)

    def shots(self, name: str) -> tuple[Shot, ...]:
        """List the frames of the split, turned so that z is up."""
        return self._views(name, self._split)

    def _views(self, name: str, split: Split) -> tuple[Shot, ...]:
        every = list_shots(self._folders[name])
        apart = self._config.hold_out
        parts: dict[Split, list[Shot]] = {"train": [], "val": []}
        for place, shot in enumerate(every):
            parts["val" if place % apart == apart - 1 else "train"].append(shot)
        if not parts[split]:
            raise UnreadableSceneError(
                f"{self._folders[name]}: this recording of {len(every)} frames leaves none for the "
                f"split {split}; lower data.hold_out, which is {apart}."
            )
        back = np.linalg.inv(upright(parts["train"], self._config.up))
        focal = self._config.color_focal
        return tuple(
            replace(shot, viewmat=shot.viewmat @ back, color_focal=focal) for shot in parts[split]
        )
