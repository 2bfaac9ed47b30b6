"""Settings of the data sets of scenes (torch-free)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig
from gaussrep.data.scenes.augment_config import AugmentConfig

Pixels = Annotated[int, Field(ge=1)]
Area = Annotated[int, Field(ge=1, le=6)]


class SceneConfig(ComponentConfig):
    """What all data sets of scenes have in common."""

    root: Path
    """Folder of the data set."""
    views: int = Field(default=0, ge=0)
    """RGB-D frames per sample; 0 gives points alone."""
    image_size: tuple[Pixels, Pixels] = (480, 640)
    """Height and width of the frames in pixels."""
    max_points: int | None = Field(default=102_400, ge=1)
    """Most points of a training sample: more are cropped by a sphere around a random point or,
    where there are views, which show the whole scene, thinned out at random. None keeps all.
    Validation keeps all."""
    augment: AugmentConfig = AugmentConfig()
    """What is changed at random in training scenes."""
    mix3d: float = Field(default=0.0, ge=0, le=1)
    """Share of training batches whose scenes are laid over each other in pairs (Nekrasov et al.,
    "Mix3D", 2021); fine-tuning uses 0.8. Not with views."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Share of the training scenes that is used: those of `tasks/scenes/<percent>.txt` in the root
    where there is such a list, else the first in a fixed random order, so that smaller shares lie
    within larger ones."""
    labeled_points: int | None = Field(default=None, ge=1)
    """Points per training scene that keep their labels: those of `tasks/points/points<n>` in the
    root where there is such a list, else a fixed random choice. None keeps all labels."""
    subset_seed: int = Field(default=0, ge=0)
    """Which random order of scenes and which random choice of points."""

    @model_validator(mode="after")
    def _check_what_goes_together(self) -> "SceneConfig":
        if self.views and self.augment.elastic.probability:
            raise ValueError(
                f"augment.elastic.probability is {self.augment.elastic.probability} and views is "
                f"{self.views}: pictures cannot be bent with the points; set one of them to 0"
            )
        if self.views and self.mix3d:
            raise ValueError(
                f"mix3d is {self.mix3d} and views is {self.views}: the pictures of two scenes "
                "cannot be laid over each other; set one of them to 0"
            )
        if None not in (self.max_points, self.labeled_points) and (
            self.labeled_points > self.max_points  # pyright: ignore[reportOperatorIssue]
        ):
            raise ValueError(
                f"labeled_points is {self.labeled_points}, more than max_points, "
                f"{self.max_points}; labeled points always stay, so raise max_points"
            )
        return self


class ScannetConfig(SceneConfig):
    """Settings of the `scannet` data set."""

    classes: Literal[20, 200] = 20
    """Which of ScanNet's label sets: `segment20.npy` or `segment200.npy`."""
    frame_step: int = Field(default=10, ge=1)
    """Where a scene has no `metadata/<split>/<scene>.json`: every how many of its frames is used;
    10 as in the released metadata."""


class S3disConfig(SceneConfig):
    """Settings of the `s3dis` data set."""

    val_areas: tuple[Area, ...] = (5,)
    """Areas that are held out for validation; the others are trained on."""

    @model_validator(mode="after")
    def _check_areas(self) -> "S3disConfig":
        if self.views:
            raise ValueError(f"views is {self.views}, but this layout of S3DIS holds no pictures")
        if not self.val_areas or len(set(self.val_areas)) > 5:
            raise ValueError(
                f"val_areas is {self.val_areas}; hold out at least one of the six areas, and keep "
                "at least one to train on"
            )
        return self


class RgbdConfig(SceneConfig):
    """Settings of the `rgbd` data set."""

    views: int = Field(default=5, ge=0)
    """RGB-D frames per sample; 0 gives points alone."""
    hold_out: int = Field(default=8, ge=2)
    """Every how many frames one is held out: it is not fused, and is a view of `val`."""
    voxel: float = Field(default=0.02, gt=0)
    """Side of the voxels in meters in which the measured points are averaged."""
    up: tuple[float, float, float] | None = None
    """Which way is up in the coordinates of the poses; None takes the mean of the cameras' upward
    axes. Scenes are turned so that it is z."""
    color_focal: float | None = Field(default=None, gt=0)
    """Focal length of the photographs in pixels, where they were not brought into line with the
    depth, as those of 7-Scenes were not: about 510 fits them, against 585 of the depth. None where
    both show the same picture."""
    cache: Path | None = None
    """Folder for the fused clouds; by default that of each recording."""

    @model_validator(mode="after")
    def _check_up(self) -> "RgbdConfig":
        if self.up is not None and not any(self.up):
            raise ValueError("up is (0, 0, 0), wanted a direction")
        return self
