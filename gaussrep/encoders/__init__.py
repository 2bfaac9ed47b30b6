"""Encoders of images and of point clouds.

Names are imported when they are first used, so that configurations stay torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.encoders.encoder import ImageEncoder, MaskedImageEncoder, PointEncoder
    from gaussrep.encoders.hub import hub_downloads
    from gaussrep.encoders.teacher import build_teacher
    from gaussrep.encoders.teacher_config import StatisticsConfig
    from gaussrep.encoders.voxels import VoxelCloud, Voxelized, voxelize
    from gaussrep.trust import require_trust, require_trusted_path, require_trusted_weights

__all__ = [
    "ImageEncoder",
    "MaskedImageEncoder",
    "PointEncoder",
    "StatisticsConfig",
    "VoxelCloud",
    "Voxelized",
    "build_teacher",
    "hub_downloads",
    "require_trust",
    "require_trusted_path",
    "require_trusted_weights",
    "voxelize",
]

_HOMES = {
    "ImageEncoder": "gaussrep.encoders.encoder",
    "MaskedImageEncoder": "gaussrep.encoders.encoder",
    "PointEncoder": "gaussrep.encoders.encoder",
    "StatisticsConfig": "gaussrep.encoders.teacher_config",
    "VoxelCloud": "gaussrep.encoders.voxels",
    "Voxelized": "gaussrep.encoders.voxels",
    "build_teacher": "gaussrep.encoders.teacher",
    "hub_downloads": "gaussrep.encoders.hub",
    "require_trust": "gaussrep.trust",
    "require_trusted_path": "gaussrep.trust",
    "require_trusted_weights": "gaussrep.trust",
    "voxelize": "gaussrep.encoders.voxels",
}

__getattr__ = lazy_names(__name__, _HOMES)
