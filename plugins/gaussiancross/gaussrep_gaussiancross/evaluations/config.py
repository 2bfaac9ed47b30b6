"""Settings of the evaluations on scenes and of the methods that they train (torch-free)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gaussrep.config import ComponentConfig, component
from gaussrep.evaluation.config import EvaluationConfig, SampledConfig


class SegmenterConfig(ComponentConfig):
    """Settings of the `point-segmenter` method."""

    body: Annotated[ComponentConfig, component("methods")]
    """The method whose features of points are classified."""
    classes: int = Field(ge=2)
    """Number of classes."""
    start: str = ""
    """Digest of the weights that the body started from, so that runs can be told apart; empty where
    it started from fresh ones."""


class PointGroupConfig(SegmenterConfig):
    """Settings of the `point-group` method; sizes are those of the released configurations."""

    stuff: tuple[int, ...] = ()
    """Classes that have no objects: walls, floors."""
    radius: float = Field(default=0.03, gt=0)
    """Moved points of one class that lie closer than this belong together, in meters (1.5 voxels of
    0.02 m)."""
    least_points: int = Field(default=100, ge=1)
    """Points that a guessed object must have."""


class ViewsConfig(SampledConfig):
    """Settings of the `views` evaluation."""

    batch_size: int = Field(default=1, ge=1)
    """Scenes per forward pass."""
    untrained: bool = True
    """Measure the same method with fresh weights as well."""


Rate = Annotated[float, Field(ge=0, lt=1)]
Votes = Annotated[int, Field(ge=1, le=13)]


class SemanticProbeConfig(SampledConfig):
    """Settings of the `semantic-probe` evaluation."""

    batch_size: int = Field(default=8, ge=1)
    """Scenes per step (ours; released: 32); never more than there are."""
    steps: int = Field(default=200, ge=1)
    """Steps of the linear layer (ours; released: 800 passes, some 30,000 steps on ScanNet)."""
    lr: float = Field(default=0.005, gt=0)
    """AdamW's highest learning rate (released)."""
    weight_decay: float = Field(default=0.05, ge=0)
    """AdamW's decay (released)."""
    batchnorm: Literal["train", "eval"] = "train"
    """`train` (released): the frozen backbone normalizes by each batch's own statistics, and its
    running averages go on moving. `eval`: it stays as pretraining left it, and each training scene
    is encoded once."""
    cached_points: int = Field(default=20_000, ge=1)
    """With `batchnorm=eval`, points per training scene whose features are kept, drawn at random
    (ours)."""
    votes: Votes = 1
    """Looks at each validation scene, turned, scaled and mirrored (released: 13)."""
    random_backbone: bool = True
    """Also probe a backbone of the same shape with fresh weights."""


class PointFineTuneConfig(EvaluationConfig):
    """Settings that the evaluations share which train all weights."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"warmup": "warmup_fraction"}

    batch_size: int = Field(default=8, ge=1)
    """Scenes per process and step (ours); never more than there are."""
    steps: int = Field(default=200, ge=1)
    """Optimizer steps (ours; released: 800 passes, some 30,000 steps on ScanNet)."""
    lr: float = Field(default=0.005, gt=0)
    """AdamW's learning rate at the top of the schedule (released)."""
    min_lr_factor: float = Field(default=1e-4, ge=0, le=1)
    """What the cosine ends at, as a factor on `lr` (released)."""
    warmup_fraction: float = Field(default=0.05, ge=0, lt=1)
    """Fraction of all steps over which the rate rises (released; linearly, which is ours)."""
    weight_decay: float = Field(default=0.05, ge=0)
    """AdamW's decay of matrices and kernels (released; theirs decays everything)."""
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    """AdamW's two decay rates (its defaults)."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Number format of the forward pass (ours; released: fp16)."""
    from_scratch: bool = True
    """Also train the same from fresh weights."""
    folder: Path | None = None
    """Where the trained runs are kept and, after a kill, gone on with; none, nowhere."""


class SemanticFineTuneConfig(PointFineTuneConfig):
    """Settings of the `semantic-fine-tune` evaluation."""

    votes: Votes = 1
    """Looks at each validation scene, turned, scaled and mirrored (released: 13)."""


class InstanceFineTuneConfig(PointFineTuneConfig):
    """Settings of the `instance-fine-tune` evaluation."""

    batch_size: int = Field(default=4, ge=1)
    """Scenes per process and step (ours; released: 12); never more than there are."""
    lr: float = Field(default=0.006, gt=0)
    """AdamW's learning rate at the top of the schedule (released)."""
    stuff: tuple[str, ...] = ("wall", "floor")
    """Classes that have no objects (released)."""
    radius: float = Field(default=0.03, gt=0)
    """Moved points of one class that lie closer than this belong together, in meters (released:
    1.5 voxels of 0.02 m)."""
    least_points: int = Field(default=100, ge=1)
    """Points that an object must have, guessed or true, to be counted (released, benchmark)."""
