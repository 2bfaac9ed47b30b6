"""What a training run can be told. Never imports torch."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig, Config, component


class TrainerConfig(Config):
    """How to train, whatever is trained.

    Attributes:
        steps: Optimizer steps in all; give this or `epochs`.
        epochs: Passes over the training split; give this or `steps`.
        batch_size: Samples per process and backward pass.
        accumulate: Backward passes per optimizer step.
        lr: AdamW's learning rate at the top of the schedule.
        min_lr: The learning rate that the cosine ends at.
        warmup: Share of all steps over which the learning rate rises linearly, in [0, 1).
        weight_decay: AdamW's decay of matrices; biases, norms and what the method exempts have
            none.
        betas: AdamW's two decay rates.
        clip_grad: Largest norm of the gradient; none, no clipping.
        precision: Number format of the forward pass; weights are always fp32.
        device: `auto` takes an accelerator where there is one.
        compile: Let torch.compile make the method's modules faster; what happens between them, a
            rendering say, stays as it is. Needs a C++ compiler, and minutes for the first step.
        workers: Processes that load samples, per process that trains; 0 loads in the loop itself.
        checkpoint_every: Steps between checkpoints; the last step always writes one.
        keep_last: How many of the latest checkpoints stay, besides the best.
        evaluate_every: Steps between measurements of the loss on the validation split, which also
            follow the last step; 0, never.
        probe_every: Steps between the run's `evaluations`, which also follow the last step; 0,
            never.
        log_every: Steps between rows of `metrics.csv`.
        tensorboard: `auto` writes TensorBoard files where tensorboard is installed.
    """

    steps: int | None = Field(None, ge=1)
    epochs: int | None = Field(None, ge=1)
    batch_size: int = Field(64, ge=1)
    accumulate: int = Field(1, ge=1)
    lr: float = Field(3e-4, gt=0)
    min_lr: float = Field(0.0, ge=0)
    warmup: float = Field(0.05, ge=0, lt=1)
    weight_decay: float = Field(0.05, ge=0)
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (
        0.9,
        0.95,
    )
    clip_grad: float | None = Field(None, gt=0)
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compile: bool = False
    workers: int = Field(0, ge=0)
    checkpoint_every: int = Field(500, ge=1)
    keep_last: int = Field(2, ge=1)
    evaluate_every: int = Field(500, ge=0)
    probe_every: int = Field(500, ge=0)
    log_every: int = Field(10, ge=1)
    tensorboard: Literal["auto"] | bool = "auto"

    @model_validator(mode="after")
    def _one_length(self) -> "TrainerConfig":
        if self.steps is None and self.epochs is None:
            raise ValueError("says neither how many steps nor how many epochs; give one of the two")
        if self.steps is not None and self.epochs is not None:
            raise ValueError(
                f"has both steps={self.steps} and epochs={self.epochs}; "
                "give one and set the other to null"
            )
        if self.min_lr > self.lr:
            raise ValueError(f"has min_lr={self.min_lr:g} above lr={self.lr:g}")
        return self


class TrainConfig(Config):
    """Everything that decides what a run computes.

    Attributes:
        method: The learner.
        data: The data set; its `train` split is trained on, its `val` split measured on.
        trainer: How to train.
        evaluations: What to measure while it trains, by the name that its columns start with.
        seed: Of weights, order, augmentation and what is random in the method.
    """

    method: Annotated[ComponentConfig, component("methods")]
    data: Annotated[ComponentConfig, component("datasets")]
    trainer: TrainerConfig
    evaluations: Mapping[str, Annotated[ComponentConfig, component("evaluations")]] = Field(
        default_factory=dict
    )
    seed: int = Field(0, ge=0, lt=2**63)
