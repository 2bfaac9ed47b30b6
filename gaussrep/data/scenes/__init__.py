"""Scenes: point clouds with posed RGB-D views.

Names are imported when they are first used, so that configurations stay torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.data.scenes.augment_config import AugmentConfig
    from gaussrep.data.scenes.camera_matrices import resize_intrinsics
    from gaussrep.data.scenes.config import RgbdSourceConfig, ScannetSourceConfig, SceneConfig
    from gaussrep.data.scenes.dataset import SceneDataset
    from gaussrep.data.scenes.frames import FrameRef, RGBDFrame, depth_size, read_rgbd_frame
    from gaussrep.data.scenes.rgbd.source import RgbdSource
    from gaussrep.data.scenes.scannet.layout import SceneFiles
    from gaussrep.data.scenes.scannet.source import ScannetSource
    from gaussrep.data.scenes.scannet.write import write_scene
    from gaussrep.data.scenes.scene import IGNORED, PointCloud, Scene, Views
    from gaussrep.data.scenes.source import SceneSource, make_scene_source

__all__ = [
    "IGNORED",
    "AugmentConfig",
    "FrameRef",
    "PointCloud",
    "RGBDFrame",
    "RgbdSource",
    "RgbdSourceConfig",
    "ScannetSource",
    "ScannetSourceConfig",
    "Scene",
    "SceneConfig",
    "SceneDataset",
    "SceneFiles",
    "SceneSource",
    "Views",
    "depth_size",
    "make_scene_source",
    "read_rgbd_frame",
    "resize_intrinsics",
    "write_scene",
]

_HOMES = {
    "IGNORED": "gaussrep.data.scenes.scene",
    "AugmentConfig": "gaussrep.data.scenes.augment_config",
    "FrameRef": "gaussrep.data.scenes.frames",
    "PointCloud": "gaussrep.data.scenes.scene",
    "RGBDFrame": "gaussrep.data.scenes.frames",
    "RgbdSource": "gaussrep.data.scenes.rgbd.source",
    "RgbdSourceConfig": "gaussrep.data.scenes.config",
    "ScannetSource": "gaussrep.data.scenes.scannet.source",
    "ScannetSourceConfig": "gaussrep.data.scenes.config",
    "Scene": "gaussrep.data.scenes.scene",
    "SceneConfig": "gaussrep.data.scenes.config",
    "SceneDataset": "gaussrep.data.scenes.dataset",
    "SceneFiles": "gaussrep.data.scenes.scannet.layout",
    "SceneSource": "gaussrep.data.scenes.source",
    "Views": "gaussrep.data.scenes.scene",
    "depth_size": "gaussrep.data.scenes.frames",
    "make_scene_source": "gaussrep.data.scenes.source",
    "read_rgbd_frame": "gaussrep.data.scenes.frames",
    "resize_intrinsics": "gaussrep.data.scenes.camera_matrices",
    "write_scene": "gaussrep.data.scenes.scannet.write",
}

__getattr__ = lazy_names(__name__, _HOMES)
