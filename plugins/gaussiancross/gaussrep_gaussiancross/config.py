"""Settings of GaussianCross (torch-free).

"Paper" marks values that arXiv 2508.02172 and its project page state. The pretraining code is not
public and many constants are not given; those are marked as design choices.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from gaussrep import plugins
from gaussrep.config import ComponentConfig, Config, component
from gaussrep.encoders import StatisticsConfig
from gaussrep_gaussiancross.backbones.config import SparseUNetConfig

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]


class DenseConfig(Config):
    """Size of the dense 3D network that refines the volume (design choice; not in the paper)."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"out": "out_channels"}

    widths: tuple[Count, ...] = Field(default=(32, 64, 128, 256), min_length=1)
    """Channels of each level; each level halves the sides of the previous one."""
    out_channels: Count = 128
    """Channels of a refined cell."""


class GaussianCrossConfig(ComponentConfig):
    """Settings of the `gaussiancross` method; the defaults are the published recipe's sizes."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "voxels_across": "voxels_per_side",
        "outliers": "outlier_fraction",
        "cells": "grid_extent",
        "features": "feature_channels",
        "threshold": "opacity_threshold",
        "least_kept": "min_gaussians",
    }

    backbone: Annotated[ComponentConfig, component("encoders")] = SparseUNetConfig(
        type="sparse-unet"
    )
    """The point encoder that is pretrained (paper: SpUNet)."""
    grid_size: float | None = Field(default=0.02, gt=0)
    """Side of a voxel in the units of the points (paper's downstream code: 0.02 m)."""
    voxels_per_side: int | None = Field(default=None, ge=2)
    """Voxels along the longest side of a scene, for scenes in unknown units; exclusive with
    `grid_size` (design choice)."""
    mask_ratio: float = Field(default=0.5, ge=0, lt=1)
    """Fraction of the points that are removed before encoding (paper: 0.5)."""
    normalize: bool = True
    """Map each scene, its cameras and depth into a unit cube; otherwise all stay in the units of
    the points (the paper's ablation)."""
    outlier_fraction: float = Field(default=0.0, ge=0, lt=0.5)
    """Fraction of the points at each end of each axis that the cuboid may leave out (design
    choice)."""
    anchors: tuple[Count, Count, Count] = (128, 128, 32)
    """Grid cells along x, y and z, one Gaussian each (predecessor's grid; not in the paper)."""
    grid_extent: Literal["box", "cube"] = "box"
    """Region that the grid divides: the bounding box of the points, which wastes no cells on the
    air above a flat scene (design choice), or the whole unit cube (predecessor)."""
    dense: DenseConfig = DenseConfig()
    """The dense network that refines the volume."""
    max_offset: float = Field(default=0.5, gt=0)
    """Largest offset of a Gaussian from the center of its cell along each axis, in cells (design
    choice)."""
    max_scale: float = Field(default=2.0, gt=0)
    """Largest standard deviation of a Gaussian, in cells (design choice)."""
    initial_scale: float = Field(default=0.5, gt=0)
    """Initial standard deviation of a Gaussian, in cells, at most 0.9 of `max_scale`; narrow
    Gaussians leave gaps between cells, which training closes slowly (design choice)."""
    color_residual: bool = False
    """Predict the color of a cell relative to the mean color of its visible points instead of from
    the features alone. Renderings have the right hues early, and features need not encode visible
    colors (design choice; not in the paper)."""
    feature_channels: Count = 16
    """Channels of the semantic embedding of each Gaussian (design choice)."""
    opacity_threshold: float = Field(default=0.3, ge=0, lt=1)
    """Threshold τ; Gaussians with an opacity of at most τ are dropped before rendering (paper:
    0.3)."""
    min_gaussians: Count = 256
    """Smallest number of Gaussians per scene; if fewer pass the threshold, the most opaque ones
    are kept (design choice)."""
    teacher: Annotated[ComponentConfig, component("encoders")] = StatisticsConfig(type="statistics")
    """The frozen image encoder whose features are the semantic target (paper: RADIOv2.5; the
    default needs no weights, a design choice). It is built at the first training step."""
    teacher_cache: Path | None = None
    """Folder that caches the teacher's features, so that they are computed once per image; useful
    with a slow teacher and no color augmentation (design choice)."""
    color_loss: Annotated[ComponentConfig, component("losses")] = ComponentConfig(type="l1")
    """L_img, the loss between rendered and real color (paper: L1)."""
    color_weight: Weight = 1.0
    """λ₁, weight of the color loss (design choice; the paper does not give the λs)."""
    depth_loss: Annotated[ComponentConfig, component("losses")] = ComponentConfig(type="l1")
    """L_dep, the loss between rendered and measured depth, where depth was measured (paper: L1)."""
    depth_weight: Weight = 1.0
    """λ₂, weight of the depth loss (design choice)."""
    semantic_loss: Annotated[ComponentConfig, component("losses")] = ComponentConfig(type="cosine")
    """L_sem, the loss between projected and teacher features (paper: one minus the cosine)."""
    semantic_weight: Weight = 0.5
    """λ₃, weight of the semantic loss; 0 builds neither teacher nor projector (design choice)."""
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = Field(
        default="auto", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """Renderer of the training views."""

    def unused_fields(self) -> Collection[str]:
        """Name the teacher if there is no semantic loss.

        Returns:
            Names of fields without effect.
        """
        return () if self.semantic_weight else ("teacher",)

    @property
    def teacher_width(self) -> int | None:
        """Length of the teacher's feature vectors; None if it must be built to know."""
        return self.teacher.width if isinstance(self.teacher, StatisticsConfig) else None

    @model_validator(mode="after")
    def _check(self) -> "GaussianCrossConfig":
        if (self.grid_size is None) == (self.voxels_per_side is None):
            raise ValueError(
                "give one of grid_size and voxels_per_side and set the other to null; "
                f"got grid_size={self.grid_size} and voxels_per_side={self.voxels_per_side}"
            )
        if not self.color_weight + self.depth_weight + self.semantic_weight > 0:
            raise ValueError("color_weight, depth_weight and semantic_weight are all 0")
        if plugins.find("encoders", self.teacher.type).record.modality != "image":
            known = [c.name for c in plugins.list("encoders") if c.record.modality == "image"]
            raise ValueError(
                f"the teacher {self.teacher.type!r} encodes no images; expected one of: "
                f"{', '.join(known)}"
            )
        return self
