"""Settings of captures, the posed images that a fit starts from. Never imports torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from gaussrep.config import ComponentConfig, component
from gaussrep.errors import DataError
from gaussrep.fitting.capture_formats import find_capture_format
from gaussrep.plugins.suggestions import suggest

SYNTHETIC, SYNTHETIC_SCENES = "synthetic:", ("balls",)
"""Prefix and names of synthetic scenes."""


def _absolute_where_it_exists(path: str) -> str:
    """Make a path absolute; names such as `synthetic:balls` and missing folders stay."""
    return str(Path(path).absolute()) if path and Path(path).exists() else path


class CaptureConfig(ComponentConfig):
    """Settings of every capture format; a format with further settings inherits from this class."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "size": "image_size",
        "hold_out": "hold_out_every",
        "cache": "",
    }

    path: Annotated[str, AfterValidator(_absolute_where_it_exists)]
    """A folder with `transforms.json`, the folder of a COLMAP model or an RGB-D recording,
    `synthetic:balls`, or a capture of a format that a plugin adds."""
    image_size: int | None = Field(default=None, ge=8)
    """Longer side of the images in pixels; smaller images keep their size."""
    hold_out_every: int = Field(default=10, ge=2)
    """Hold out every n-th view, unless the capture itself lists the held-out views."""


class SyntheticConfig(CaptureConfig):
    """Settings of synthetic scenes."""

    def preflight(self) -> None:
        """Check that there is such a scene.

        Raises:
            DataError: There is none.
        """
        require_synthetic(self.path)


def require_synthetic(path: str) -> None:
    """Check that there is a synthetic scene.

    Args:
        path: `synthetic:` and the name of the scene.

    Raises:
        DataError: There is none.
    """
    names = [f"{SYNTHETIC}{name}" for name in SYNTHETIC_SCENES]
    if path not in names:
        raise DataError(f"{path}: there is no such scene; {suggest(path, names)}")


class StoredCaptureConfig(CaptureConfig):
    """Settings of formats whose images are files."""

    max_memory_gb: float = Field(default=16, gt=0)
    """Maximum memory of the decoded images; larger captures are read from disk, by `num_workers`
    processes that decode images ahead of the steps that need them."""


class LensCaptureConfig(StoredCaptureConfig):
    """Settings of formats whose cameras may have a lens."""

    undistort: bool = True
    """Resample images to pinhole images with the same camera matrix, which loses the outermost part
    of a fisheye image. `false` keeps the pixels and renders through the lens, with the renderers
    `cpu`, `triton` and `reference`."""


class TransformsConfig(LensCaptureConfig):
    """Settings of folders with `transforms.json`."""

    depth_scale: float = Field(default=1000, gt=0)
    """Stored depth units per scene unit, if the file has no `integer_depth_scale`."""


class ColmapConfig(LensCaptureConfig):
    """Settings of COLMAP models."""

    images: str | None = None
    """Folder of the images, relative to the capture; by default `images`, or `images_2`, `images_4`
    or `images_8` if these are large enough for `image_size`."""
    masks: str = "masks"
    """Folder of masks, relative to the capture, black at pixels to ignore; without it, no pixel is
    ignored."""
    max_point_error: float | None = Field(default=None, gt=0)
    """Maximum mean reprojection error, in pixels, of the initial points; `null` keeps all."""
    min_track_length: int = Field(default=2, ge=1)
    """Minimum number of images in which an initial point is visible."""


class RecordingConfig(StoredCaptureConfig):
    """Settings of RGB-D recordings."""

    cache: str | None = None
    """Folder that caches the fused point cloud; by default that of the recording."""
    voxel: float = Field(default=0.02, gt=0)
    """Voxel size in meters; the measured points in a voxel are averaged."""
    depth_scale: float | None = Field(default=None, gt=0)
    """Stored depth units per meter. `null` reads it from files of BundleFusion or Replica next to
    the frames, uses 5000 next to files of TUM, and 1000 (millimeters) otherwise."""


def with_capture_format(settings: Any) -> Any:
    """Add a missing `type` to the settings of a capture, based on their `path`.

    Args:
        settings: A mapping or a `CaptureConfig`; anything else is returned as it is.

    Returns:
        The settings, with a `type` if there is a `path`.

    Raises:
        PydanticCustomError: No format matches the path, or several do.
    """
    if type(settings) is CaptureConfig:
        settings = settings.model_dump(exclude_unset=True)
    if not isinstance(settings, Mapping) or settings.get("type", "auto") not in ("", "auto"):
        return settings
    path = settings.get("path")
    if not isinstance(path, str):
        return settings
    try:
        return {**settings, "type": find_capture_format(path)}
    except DataError as error:
        raise PydanticCustomError("capture", "{text}", {"text": str(error)}) from error


CaptureField = Annotated[CaptureConfig, component("captures"), BeforeValidator(with_capture_format)]
"""Settings of a capture of any format; `type` may be omitted."""


class CaptureDatasetConfig(ComponentConfig):
    """Settings of the data set `capture`."""

    capture: CaptureField
    """The capture."""
