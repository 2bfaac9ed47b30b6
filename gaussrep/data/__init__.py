"""Data sets: maps from a sample key to a dict of CPU tensors; scenes of posed RGB-D frames.

Names are imported when they are first used, so that configurations stay torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.data.image_files import read_image, write_png
    from gaussrep.data.photos import read_photos
    from gaussrep.data.sample import SampleKey, Split
    from gaussrep.data.scenes.config import SceneConfig
    from gaussrep.data.scenes.frames import FrameRef, RGBDFrame
    from gaussrep.data.scenes.scannet.layout import SceneFiles
    from gaussrep.data.scenes.scannet.write import write_scene
    from gaussrep.data.scenes.scene import IGNORED, PointCloud
    from gaussrep.data.shapes.colors import oklab_to_srgb
    from gaussrep.data.unreadable import UnreadableFileError

__all__ = [
    "IGNORED",
    "FrameRef",
    "PointCloud",
    "RGBDFrame",
    "SampleKey",
    "SceneConfig",
    "SceneFiles",
    "Split",
    "UnreadableFileError",
    "oklab_to_srgb",
    "read_image",
    "read_photos",
    "write_png",
    "write_scene",
]

_HOMES = {
    "IGNORED": "gaussrep.data.scenes.scene",
    "FrameRef": "gaussrep.data.scenes.frames",
    "PointCloud": "gaussrep.data.scenes.scene",
    "RGBDFrame": "gaussrep.data.scenes.frames",
    "SampleKey": "gaussrep.data.sample",
    "SceneConfig": "gaussrep.data.scenes.config",
    "SceneFiles": "gaussrep.data.scenes.scannet.layout",
    "Split": "gaussrep.data.sample",
    "UnreadableFileError": "gaussrep.data.unreadable",
    "oklab_to_srgb": "gaussrep.data.shapes.colors",
    "read_image": "gaussrep.data.image_files",
    "read_photos": "gaussrep.data.photos",
    "write_png": "gaussrep.data.image_files",
    "write_scene": "gaussrep.data.scenes.scannet.write",
}

__getattr__ = lazy_names(__name__, _HOMES)
