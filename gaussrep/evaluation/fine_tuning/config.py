"""Settings of the `fine-tune` evaluation and of the `classifier` method (torch-free).

"MAE" marks the values of arXiv 2111.06377, table 9, for ViT-Base; the others are design choices.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gaussrep.config import ComponentConfig, component
from gaussrep.evaluation.config import LabeledConfig

Rate = Annotated[float, Field(ge=0, lt=1)]


class ClassifierConfig(ComponentConfig):
    """Settings of the `classifier` method."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "body": "base_method",
        "start": "initial_weights_hash",
    }

    base_method: Annotated[ComponentConfig, component("methods")]
    """The method whose embedding is classified."""
    width: int = Field(ge=1)
    """Length of its pooled embedding."""
    classes: int = Field(ge=2)
    """Number of classes."""
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """Layer-wise learning-rate decay: rate of each layer relative to the layer after it."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Fraction of a training target that is spread evenly over all classes."""
    mixup: float = Field(default=0.0, ge=0)
    """Both parameters of mixup's Beta distribution; 0, no mixup."""
    cutmix: float = Field(default=0.0, ge=0)
    """Both parameters of CutMix's Beta distribution; 0, no CutMix."""
    initial_weights_hash: str = ""
    """Hash of the base method's initial weights, which distinguishes runs; empty for fresh
    weights."""


class FineTuneConfig(LabeledConfig):
    """Settings of the `fine-tune` evaluation: MAE's recipe without RandAugment and drop path."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "accumulate": "gradient_accumulation_steps",
        "warmup": "warmup_fraction",
    }

    batch_size: int = Field(default=128, ge=1)
    """Samples per backward pass, all processes together (design choice)."""
    gradient_accumulation_steps: int = Field(default=8, ge=1)
    """Backward passes per optimizer step; with 128 samples each, MAE's batch of 1024."""
    epochs: int = Field(default=100, ge=1)
    """Passes over the training split (MAE)."""
    base_lr: float = Field(default=1e-3, gt=0)
    """AdamW's learning rate per 256 samples of a step (MAE)."""
    min_lr: float = Field(default=0.0, ge=0)
    """Final learning rate (design choice)."""
    warmup_fraction: float = Field(default=0.05, ge=0, lt=1)
    """Fraction of all steps over which the rate rises (MAE: 5 of 100 epochs)."""
    weight_decay: float = Field(default=0.05, ge=0)
    """AdamW's decay of matrices (MAE)."""
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    """AdamW's two decay rates (MAE)."""
    layer_decay: float = Field(default=0.75, gt=0, le=1)
    """Learning rate of each layer relative to the layer after it (MAE)."""
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    """Fraction of a target that is spread evenly over all classes (MAE)."""
    mixup: float = Field(default=0.8, ge=0)
    """Both parameters of mixup's Beta distribution; 0, no mixup (MAE)."""
    cutmix: float = Field(default=1.0, ge=0)
    """Both parameters of CutMix's Beta distribution; 0, no CutMix (MAE)."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Number format of the forward pass (design choice)."""
    folder: Path | None = None
    """Folder of the fine-tuned run, which is resumed from there after an interruption; `null` keeps
    no run."""
