"""Data sets: maps from a sample key to a dict of CPU tensors.

Names are imported when they are first used, so that configurations stay torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.data.config import CropConfig, ImagesConfig
    from gaussrep.data.image_files import list_images, read_image, write_png
    from gaussrep.data.photos import read_photographs
    from gaussrep.data.sample import SampleKey, Split
    from gaussrep.data.shapes.colors import oklab_to_srgb
    from gaussrep.data.shapes.config import ShapesConfig
    from gaussrep.data.shapes.dataset import Shapes
    from gaussrep.data.unreadable import UnreadableFileError

__all__ = [
    "CropConfig",
    "ImagesConfig",
    "SampleKey",
    "Shapes",
    "ShapesConfig",
    "Split",
    "UnreadableFileError",
    "list_images",
    "oklab_to_srgb",
    "read_image",
    "read_photographs",
    "write_png",
]

_HOMES = {
    "CropConfig": "gaussrep.data.config",
    "ImagesConfig": "gaussrep.data.config",
    "SampleKey": "gaussrep.data.sample",
    "Shapes": "gaussrep.data.shapes.dataset",
    "ShapesConfig": "gaussrep.data.shapes.config",
    "Split": "gaussrep.data.sample",
    "UnreadableFileError": "gaussrep.data.unreadable",
    "list_images": "gaussrep.data.image_files",
    "oklab_to_srgb": "gaussrep.data.shapes.colors",
    "read_image": "gaussrep.data.image_files",
    "read_photographs": "gaussrep.data.photos",
    "write_png": "gaussrep.data.image_files",
}

__getattr__ = lazy_names(__name__, _HOMES)
