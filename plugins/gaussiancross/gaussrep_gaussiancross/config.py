"""Settings of GaussianCross (torch-free).

"Paper" marks what arXiv 2508.02172 and its project page state. The pretraining code is not public
and many constants are not given; those are ours, and marked so.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig, Config, component
from gaussrep.encoders.teacher_config import StatisticsConfig
from gaussrep_gaussiancross.backbones.config import SparseUNetConfig

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]


class DenseConfig(Config):
    """Size of the dense 3D network that refines the volume (ours; the paper gives none)."""

    widths: tuple[Count, ...] = Field(default=(32, 64, 128, 256), min_length=1)
    """Channels of each level; a level halves the sides of the one before."""
    out: Count = 128
    """Channels of a refined cell."""


class GaussianCrossConfig(ComponentConfig):
    """Settings of the `gaussiancross` method; the defaults are the published recipe's sizes."""

    backbone: Annotated[ComponentConfig, component("encoders")] = SparseUNetConfig(
        type="sparse-unet"
    )
    """The 3D encoder that is pretrained (paper: SpUNet)."""
    grid_size: float | None = Field(default=0.02, gt=0)
    """Side of a voxel in the units of the points (paper's downstream code: 0.02 m)."""
    voxels_across: int | None = Field(default=None, ge=2)
    """Voxels along the longest side of a scene, for scenes in unknown units; give this or
    `grid_size` (ours)."""
    mask_ratio: float = Field(default=0.5, ge=0, lt=1)
    """Share of the points that are removed before the encoder sees them (paper: 0.5)."""
    normalize: bool = True
    """Map each scene, its cameras and depth into a unit cube; otherwise everything stays in the
    units of the points (the paper's ablation)."""
    outliers: float = Field(default=0.0, ge=0, lt=0.5)
    """Share of the points at each end of each axis that the cuboid need not hold (ours)."""
    anchors: tuple[Count, Count, Count] = (128, 128, 32)
    """Cells along x, y and z, one Gaussian each (predecessor's grid; the paper gives none)."""
    cells: Literal["box", "cube"] = "box"
    """What the cells divide: the box that the points fill, or the whole unit cube around it
    (predecessor). A box wastes none on the air above a flat scene (ours)."""
    dense: DenseConfig = DenseConfig()
    """The network that refines the volume."""
    max_offset: float = Field(default=0.5, gt=0)
    """How many cells a Gaussian may leave the middle of its own, along each axis (ours)."""
    max_scale: float = Field(default=2.0, gt=0)
    """Largest standard deviation of a Gaussian, in cells (ours)."""
    features: Count = 16
    """Channels of the semantic embedding that each Gaussian carries (ours)."""
    threshold: float = Field(default=0.3, ge=0, lt=1)
    """Gaussians whose opacity is not above τ are dropped before rendering (paper: 0.3)."""
    least_kept: Count = 256
    """Gaussians of a scene that stay, the most opaque ones, where fewer pass the threshold
    (ours)."""
    teacher: Annotated[ComponentConfig, component("encoders")] = StatisticsConfig(type="statistics")
    """The frozen image encoder whose features are explained (paper: RADIOv2.5; ours: one that
    needs no weights)."""
    teacher_cache: Path | None = None
    """Folder for the teacher's features, which are then computed once per picture; worth it where
    the teacher is slow and colors are not augmented (ours)."""
    color_weight: Weight = 1.0
    """λ₁ of the L1 between rendered and real color (ours; the paper does not give the λs)."""
    depth_weight: Weight = 1.0
    """λ₂ of the L1 between rendered and measured depth (ours)."""
    semantic_weight: Weight = 0.5
    """λ₃ of one minus the cosine between projected and teacher features (ours)."""
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = Field(
        default="auto", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """Who draws."""

    @model_validator(mode="after")
    def _check(self) -> "GaussianCrossConfig":
        if (self.grid_size is None) == (self.voxels_across is None):
            raise ValueError(
                "give one of grid_size and voxels_across and set the other to null; "
                f"got grid_size={self.grid_size} and voxels_across={self.voxels_across}"
            )
        if not self.color_weight + self.depth_weight + self.semantic_weight > 0:
            raise ValueError("color_weight, depth_weight and semantic_weight are all 0")
        return self
