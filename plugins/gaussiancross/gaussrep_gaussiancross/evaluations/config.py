"""Settings of the evaluations on scenes and of the methods that they train (torch-free).

"Released" marks values of the configurations that GaussianCross's authors published. The other
values are design choices, often small enough to be tried without a GPU.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gaussrep.config import ComponentConfig, component
from gaussrep.evaluation import EvaluationConfig, SampledConfig


class SegmenterConfig(ComponentConfig):
    """Settings of the `point-segmenter` method."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "body": "base_method",
        "start": "initial_weights_hash",
    }

    base_method: Annotated[ComponentConfig, component("methods")]
    """The method whose point features are classified; its backbone is trained."""
    classes: int = Field(ge=2)
    """Number of classes."""
    initial_weights_hash: str = ""
    """Hash of the base method's initial weights, which distinguishes runs; empty for fresh
    weights."""


class PointGroupConfig(SegmenterConfig):
    """Settings of the `point-group` method; sizes are those of the released configurations."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"least_points": "min_points"}

    stuff: tuple[int, ...] = ()
    """Classes without instances: walls, floors."""
    radius: float = Field(default=0.03, gt=0)
    """Distance in meters below which shifted points of one class are neighbors (1.5 voxels of
    0.02 m)."""
    min_points: int = Field(default=100, ge=1)
    """Smallest number of points of a predicted instance."""


class ViewsConfig(SampledConfig):
    """Settings of the `views` evaluation."""

    batch_size: int = Field(default=1, ge=1)
    """Scenes per forward pass."""
    untrained: bool = True
    """Also measure the same method with fresh weights."""


Rate = Annotated[float, Field(ge=0, lt=1)]
Votes = Annotated[int, Field(ge=1, le=13)]


class SemanticProbeConfig(SampledConfig):
    """Settings of the `semantic-probe` evaluation."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"random_backbone": "baselines"}

    batch_size: int = Field(default=8, ge=1)
    """Scenes per step, at most all (design choice; released: 32)."""
    steps: int = Field(default=200, ge=1)
    """Training steps of the linear layer (design choice; released: 800 passes, about 30,000 steps
    on ScanNet)."""
    lr: float = Field(default=0.005, gt=0)
    """Peak learning rate of AdamW (released)."""
    weight_decay: float = Field(default=0.05, ge=0)
    """Weight decay of AdamW (released)."""
    batchnorm: Literal["train", "eval"] = "train"
    """Mode of the frozen backbone's batch normalization: `train` (released) uses batch statistics
    and keeps updating the running averages; `eval` uses those of pretraining, and each training
    scene is encoded once."""
    cached_points: int = Field(default=20_000, ge=2)
    """Random points per training scene whose features are cached with `batchnorm=eval` (design
    choice)."""
    votes: Votes = 1
    """Rotated, scaled and mirrored copies of each validation scene whose predictions are averaged
    (released: 13)."""
    standardize: bool = True
    """Standardize the features by a batch norm without affine parameters before the linear layer
    (design choice, as in MAE's probe of images; released: false)."""
    multi_scale: bool = False
    """Probe the features of all resolutions of the backbone, joined per point, instead of those of
    the finest alone (design choice; Sonata probes joined features, too)."""
    baselines: bool = True
    """Also probe a backbone of the same architecture with fresh weights and calibrated batch norms,
    raw inputs, random features of them, and the most frequent class."""


class PointFineTuneConfig(EvaluationConfig):
    """Settings shared by the evaluations that fine-tune the backbone."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"warmup": "warmup_fraction"}

    batch_size: int = Field(default=8, ge=1)
    """Scenes per step, at most all (design choice)."""
    steps: int = Field(default=200, ge=1)
    """Optimizer steps (design choice; released: 800 passes, about 30,000 steps on ScanNet)."""
    lr: float = Field(default=0.005, gt=0)
    """Peak learning rate of AdamW (released)."""
    min_lr_factor: float = Field(default=1e-4, ge=0, le=1)
    """Final learning rate relative to `lr` (released)."""
    warmup_fraction: float = Field(default=0.05, ge=0, lt=1)
    """Fraction of all steps over which the rate rises (released; the linear rise is a
    design choice)."""
    weight_decay: float = Field(default=0.05, ge=0)
    """Weight decay of AdamW on matrices and kernels (released, there on all parameters)."""
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    """Decay rates of AdamW's moments (AdamW's defaults)."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Number format of the forward pass (design choice; released: fp16)."""
    from_scratch: bool = True
    """Also train the same architecture from fresh weights."""
    folder: Path | None = None
    """Folder of the training runs, which are resumed after an interruption; `null` keeps no run."""


class SemanticFineTuneConfig(PointFineTuneConfig):
    """Settings of the `semantic-fine-tune` evaluation."""

    votes: Votes = 1
    """Rotated, scaled and mirrored copies of each validation scene whose predictions are averaged
    (released: 13)."""


class InstanceFineTuneConfig(PointFineTuneConfig):
    """Settings of the `instance-fine-tune` evaluation."""

    batch_size: int = Field(default=4, ge=1)
    """Scenes per step, at most all (design choice; released: 12)."""
    lr: float = Field(default=0.006, gt=0)
    """Peak learning rate of AdamW (released)."""
    renamed_keys: ClassVar[Mapping[str, str]] = {"least_points": "min_points"}

    stuff: tuple[str, ...] = ("wall", "floor")
    """Names of classes without instances (released)."""
    radius: float = Field(default=0.03, gt=0)
    """Distance in meters below which shifted points of one class are neighbors (released: 1.5
    voxels of 0.02 m)."""
    min_points: int = Field(default=100, ge=1)
    """Smallest number of points of an instance, predicted or true (released, benchmark)."""
