"""Settings of the data sets of scenes (torch-free)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig, component
from gaussrep.config.paths import AbsolutePath
from gaussrep.data.folder_checks import require_folder
from gaussrep.data.scenes.augment_config import AugmentConfig

Pixels = Annotated[int, Field(ge=1)]
Area = Annotated[int, Field(ge=1, le=6)]


class SceneConfig(ComponentConfig):
    """Settings that all data sets of scenes share."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "share": "fraction",
        "labelled_points": "labeled_points",
    }

    views: int = Field(default=0, ge=0)
    """RGB-D frames per sample; 0 returns points only."""
    image_size: tuple[Pixels, Pixels] = (480, 640)
    """Height and width of the frames in pixels."""
    max_points: int | None = Field(default=102_400, ge=1)
    """Maximum number of points of a training sample. Larger scenes are cropped to a sphere around a
    random point or, with views, which show the whole scene, subsampled at random. `null` keeps all.
    Validation keeps all."""
    augment: AugmentConfig = AugmentConfig()
    """Random augmentations of training scenes."""
    mix3d: float = Field(default=0.0, ge=0, le=1)
    """Fraction of the pairs of scenes in training batches that are mixed (Nekrasov et al., "Mix3D",
    2021); fine-tuning uses 0.8. Not with views."""
    fraction: float = Field(default=1.0, gt=0, le=1)
    """Fraction of the training scenes to use: those of `tasks/scenes/<percent>.txt` in the root
    if such a list exists, else the first in a fixed random order, so that smaller fractions are
    subsets of larger ones."""
    labeled_points: int | None = Field(default=None, ge=1)
    """Points per training scene that keep their labels: those of `tasks/points/points<n>` in the
    root if such a list exists, else a fixed random subset. `null` keeps all labels."""
    subset_seed: int = Field(default=0, ge=0)
    """Seed of the random order of scenes and of the random choice of points."""

    @model_validator(mode="after")
    def _check_compatibility(self) -> "SceneConfig":
        if self.views and self.augment.elastic.probability:
            raise ValueError(
                f"augment.elastic.probability is {self.augment.elastic.probability} and views is "
                f"{self.views}: images cannot be deformed with the points; set one of them to 0"
            )
        if self.views and self.mix3d:
            raise ValueError(
                f"mix3d is {self.mix3d} and views is {self.views}: the images of two scenes "
                "cannot be overlaid; set one of them to 0"
            )
        if None not in (self.max_points, self.labeled_points) and (
            self.labeled_points > self.max_points  # pyright: ignore[reportOperatorIssue]
        ):
            raise ValueError(
                f"labeled_points is {self.labeled_points}, more than max_points, "
                f"{self.max_points}; labeled points are always kept, so raise max_points"
            )
        return self

    def without_augmentation(self) -> "SceneConfig":
        """Disable augmentation, Mix3D and cropping, so that training scenes are whole.

        Returns:
            New settings.
        """
        never = {name: {"probability": 0.0} for name in AugmentConfig.model_fields}
        changes = {"augment": AugmentConfig.model_validate(never), "mix3d": 0.0, "max_points": None}
        return self.model_copy(update=changes)


class ScenesConfig(SceneConfig):
    """Settings of the `scenes` data set, which reads from any scene source."""

    source: Annotated[ComponentConfig, component("scene_sources")]
    """Scene source: its name, or `{type: name, ...}` with its settings."""


class ScannetSourceConfig(ComponentConfig):
    """Settings of the `scannet` scene source."""

    root: AbsolutePath
    """Folder of the data set."""
    classes: Literal[20, 200] = 20
    """Size of ScanNet's label set: 20 reads `segment20.npy`, 200 reads `segment200.npy`."""
    ignored_labels: tuple[int, ...] = (-1,)
    """Labels of points that have none; 255 or -100 in data that other programs prepared."""
    frame_step: int = Field(default=10, ge=1)
    """Step between the frames used of a scene without `metadata/<split>/<scene>.json`; 10 as in the
    released metadata."""

    def preflight(self) -> None:
        """Check that the folder is there."""
        require_folder(self.root, "the folder of a data set in the layout of ScanNet")


class ScannetConfig(SceneConfig, ScannetSourceConfig):
    """Settings of the `scannet` data set."""

    type: str = "scannet"
    """Name of the component."""


class S3disSourceConfig(ComponentConfig):
    """Settings of the `s3dis` scene source."""

    root: AbsolutePath
    """Folder of the data set."""
    val_areas: tuple[Area, ...] = (5,)
    """Areas that are held out for validation; the others are for training."""
    ignored_labels: tuple[int, ...] = (-1,)
    """Labels of points that have none; 255 or -100 in data that other programs prepared."""

    def preflight(self) -> None:
        """Check that the folder is there."""
        require_folder(self.root, "the folder of S3DIS")

    @model_validator(mode="after")
    def _check_areas(self) -> "S3disSourceConfig":
        if not self.val_areas or len(set(self.val_areas)) > 5:
            raise ValueError(
                f"val_areas is {self.val_areas}; hold out at least one of the six areas, and keep "
                "at least one to train on"
            )
        return self


class S3disConfig(SceneConfig, S3disSourceConfig):
    """Settings of the `s3dis` data set."""

    type: str = "s3dis"
    """Name of the component."""

    @model_validator(mode="after")
    def _check_views(self) -> "S3disConfig":
        if self.views:
            raise ValueError(f"views is {self.views}, but this layout of S3DIS holds no images")
        return self


class RgbdSourceConfig(ComponentConfig):
    """Settings of the `rgbd` scene source."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"hold_out": "hold_out_every"}

    root: AbsolutePath
    """Folder of one recording, or of several."""
    hold_out_every: int = Field(default=8, ge=2)
    """Hold out every n-th frame: it is not fused, and is a view of `val`."""
    voxel: float = Field(default=0.02, gt=0)
    """Voxel size in meters; the measured points in a voxel are averaged."""
    up: tuple[float, float, float] | None = None
    """Up direction in the coordinates of the poses; `null` uses the mean of the cameras' up axes.
    Scenes are rotated so that it becomes z."""
    color_focal: float | None = Field(default=None, gt=0)
    """Focal length of the color images in pixels, if they were not registered to the depth, as
    those of 7-Scenes were not: about 510 fits them, against 585 of the depth. None if color and
    depth show the same image."""
    depth_scale: float | None = Field(default=None, gt=0)
    """Stored depth units per meter. `null` reads it from files of BundleFusion or Replica next to
    the frames, uses 5000 next to files of TUM, and 1000 (millimeters) otherwise."""
    cache: AbsolutePath | None = None
    """Folder for the fused clouds; by default that of each recording."""

    def preflight(self) -> None:
        """Check that the folder is there."""
        require_folder(self.root, "the folder of one recording, or of several")

    @model_validator(mode="after")
    def _check_up(self) -> "RgbdSourceConfig":
        if self.up is not None and not any(self.up):
            raise ValueError("up is (0, 0, 0), expected a direction")
        return self


class RgbdConfig(SceneConfig, RgbdSourceConfig):
    """Settings of the `rgbd` data set."""

    type: str = "rgbd"
    """Name of the component."""

    views: int = Field(default=5, ge=0)
    """RGB-D frames per sample; 0 returns points only."""
