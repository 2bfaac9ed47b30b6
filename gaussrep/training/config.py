"""Settings of training runs and of the core's optimizers, schedules and callbacks.

Never imports torch.
"""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError, model_validator

from gaussrep import plugins
from gaussrep.config import ComponentConfig, Config, component, load_config
from gaussrep.config.components import config_class
from gaussrep.config.guidance import Guidance
from gaussrep.config.presets import preset as find_preset
from gaussrep.config.presets import preset_summaries
from gaussrep.errors import ConfigError
from gaussrep.runtime.cuda_driver import require_device

Tracker = Literal[
    "aim", "clearml", "comet_ml", "dvclive", "mlflow", "swanlab", "tensorboard", "trackio", "wandb"
]
Beta = Annotated[float, Field(ge=0, lt=1)]


class AdamWConfig(ComponentConfig):
    """Settings of the `adamw` optimizer."""

    betas: tuple[Beta, Beta] = (0.9, 0.95)
    """Decay rates of the running averages of the gradient and of its square."""
    eps: float = Field(default=1e-8, gt=0)
    """Term added to the denominator."""


class SGDConfig(ComponentConfig):
    """Settings of the `sgd` optimizer."""

    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Decay rate of the running average of the gradient."""
    nesterov: bool = False
    """Use Nesterov's momentum."""

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> "SGDConfig":
        if self.nesterov and not self.momentum:
            raise ValueError("has nesterov=true with momentum=0; give a momentum above 0")
        return self


class ConstantConfig(ComponentConfig):
    """Settings of the `constant` schedule."""

    warmup_fraction: float = Field(default=0.0, ge=0, lt=1)
    """Fraction of all steps over which the learning rate rises linearly."""


class WarmupCosineConfig(ComponentConfig):
    """Settings of the `warmup-cosine` schedule."""

    warmup_fraction: float = Field(default=0.05, ge=0, lt=1)
    """Fraction of all steps over which the learning rate rises linearly."""
    min_lr: float = Field(default=0.0, ge=0)
    """Final learning rate, at most `trainer.lr`."""


class EMAConfig(ComponentConfig):
    """Settings of the `ema` callback."""

    decay: float = Field(default=0.999, ge=0, lt=1)
    """Decay of the average per update; the current weights get 1 - decay."""


class TrainerConfig(Config):
    """Settings of the trainer, the same for every method.

    Attributes:
        steps: Total number of optimizer steps; give this or `epochs`.
        epochs: Passes over the training split; give this or `steps`.
        batch_size: Samples per backward pass over all processes; the number of processes does not
            change the numbers of a run.
        gradient_accumulation_steps: Backward passes per optimizer step.
        lr: Peak learning rate.
        weight_decay: Weight decay of matrices; biases, norms and parameters that the method exempts
            do not decay.
        optimizer: The optimizer, such as `adamw` or `sgd`; methods with their own optimizers, such
            as fits, ignore this, `schedule`, `lr` and `weight_decay`.
        schedule: Learning-rate schedule, such as `warmup-cosine` or `constant`.
        clip_grad: Maximum norm of the gradient; `null` disables clipping.
        max_skipped_steps: Maximum consecutive non-finite steps before the run stops; such steps
            change no weight. 0 stops at the first.
        precision: Number format of the forward pass; weights are always fp32.
        device: `auto` uses an accelerator if there is one.
        compile: Compile the method's modules with torch.compile; code between them, such as
            rendering, is not compiled. Needs a C++ compiler, and the first step takes minutes.
        shard_weights: Shard weights, gradients and the optimizer's state among the processes
            (FSDP2), for encoders that do not fit on one device. No effect with one process.
        num_workers: Data-loading workers per training process; 0 loads in the training process.
        checkpoint_every: Steps between checkpoints; the last step always writes one.
        checkpoint_minutes: Also write a checkpoint if none was written for this many minutes;
            `null` disables it.
        keep_last: Number of the latest checkpoints to keep, besides the best.
        validate_every: Steps between measurements of the validation loss, which is also measured
            after the last step; 0 disables it.
        validation_batch_size: Validation batch size; each batch is measured by one process. By
            default `batch_size`, at most 256.
        evaluations_every: Steps between the run's `evaluations`, which also run after the last
            step; 0 disables them.
        log_every: Steps between rows of `metrics.csv`.
        tensorboard: Write TensorBoard files; `auto` does if tensorboard is installed.
        trackers: Experiment trackers, through Accelerate; `tensorboard` is the same as
            `tensorboard=true`. Each gets the logged metrics, the settings, and validation images
            whenever the validation loss is measured.
    """

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "accumulate": "gradient_accumulation_steps",
        "workers": "num_workers",
        "betas": "optimizer.betas",
        "warmup": "schedule.warmup_fraction",
        "min_lr": "schedule.min_lr",
        "evaluate_every": "validate_every",
        "probe_every": "evaluations_every",
    }

    steps: int | None = Field(None, ge=1)
    epochs: int | None = Field(None, ge=1)
    batch_size: int = Field(64, ge=1)
    gradient_accumulation_steps: int = Field(1, ge=1)
    lr: float = Field(3e-4, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    optimizer: Annotated[ComponentConfig, component("optimizers")] = ComponentConfig(type="adamw")
    schedule: Annotated[ComponentConfig, component("schedules")] = ComponentConfig(
        type="warmup-cosine"
    )
    clip_grad: float | None = Field(None, gt=0)
    max_skipped_steps: int = Field(20, ge=0)
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    compile: bool = False
    shard_weights: bool = False
    num_workers: int = Field(0, ge=0)
    checkpoint_every: int = Field(500, ge=1)
    checkpoint_minutes: float | None = Field(None, gt=0)
    keep_last: int = Field(2, ge=1)
    validate_every: int = Field(500, ge=0)
    validation_batch_size: int | None = Field(None, ge=1)
    evaluations_every: int = Field(500, ge=0)
    log_every: int = Field(10, ge=1)
    tensorboard: Literal["auto"] | bool = "auto"
    trackers: tuple[Tracker, ...] = ()

    def preflight(self) -> None:
        """Check that a requested device may exist.

        Raises:
            ConfigError: There is none.
        """
        require_device("trainer.device", self.device)

    @model_validator(mode="after")
    def _one_length(self) -> "TrainerConfig":
        if self.steps is None and self.epochs is None:
            raise ValueError("has neither steps nor epochs; give one of the two")
        if self.steps is not None and self.epochs is not None:
            raise ValueError(
                f"has both steps={self.steps} and epochs={self.epochs}; "
                "give one and set the other to null"
            )
        if isinstance(self.schedule, WarmupCosineConfig) and self.schedule.min_lr > self.lr:
            raise ValueError(f"has schedule.min_lr={self.schedule.min_lr:g} above lr={self.lr:g}")
        return self


class TrainConfig(Config):
    """Complete configuration of a run.

    Attributes:
        method: The method to train.
        data: The data set: `train` is the training split, `val` the validation split. Without an
            `image_size` it takes that of the method.
        trainer: Settings of the trainer.
        evaluations: Evaluations to run during training, by the prefix of their columns.
        callbacks: Additional callbacks by any name, such as `{ema: {type: ema}}`.
        seed: Seed of weights, order of samples, augmentation and the method's random numbers.
    """

    method: Annotated[ComponentConfig, component("methods")]
    data: Annotated[ComponentConfig, component("datasets")]
    trainer: TrainerConfig
    evaluations: Mapping[str, Annotated[ComponentConfig, component("evaluations")]] = Field(
        default_factory=dict
    )
    callbacks: Mapping[str, Annotated[ComponentConfig, component("callbacks")]] = Field(
        default_factory=dict
    )
    seed: int = Field(0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _one_image_size(self) -> "TrainConfig":
        """Give the data set the method's size of square images; refuse another one."""
        wanted = getattr(self.method, "image_size", None)
        given = getattr(self.data, "image_size", wanted)
        if not (isinstance(wanted, int) and isinstance(given, int)) or wanted == given:
            return self
        if "image_size" in self.data.model_fields_set:
            raise ValueError(
                f"data.image_size is {given}, but method.image_size is {wanted}; "
                f"give data.image_size={wanted}{_other_size(self.method, given)}"
            )
        settings = {name: getattr(self.data, name) for name in self.data.model_fields_set}
        data = type(self.data).model_validate({**settings, "image_size": wanted})
        data.model_fields_set.discard("image_size")  # nobody gave it
        object.__setattr__(self, "data", data)  # frozen for everyone else
        return self


def _other_size(method: ComponentConfig, given: int) -> str:
    """Offer the size nearest to the given one that the method takes, such as a multiple of patches.

    Returns:
        The end of a sentence; empty if that is the size that the method has.
    """
    nearby = sorted(range(max(1, given // 2), 2 * given), key=lambda size: abs(size - given))
    size = next((size for size in nearby if _takes_size(method, size)), None)
    if size in (None, getattr(method, "image_size", None)):
        return ""
    return f", or method.image_size={size}" + ("" if size == given else " without data.image_size")


def _takes_size(method: ComponentConfig, size: int) -> bool:
    settings = {name: getattr(method, name) for name in method.model_fields_set}
    try:
        type(method).model_validate({**settings, "image_size": size})
    except ValidationError:
        return False
    return True


def train_config(
    method: str,
    preset: str | None = None,
    files: Sequence[str | PathLike[str]] = (),
    overrides: Sequence[str] = (),
) -> TrainConfig:
    """Resolve the configuration of a new run.

    Args:
        method: Name of the method, as on the command line.
        preset: Name of one of its presets, or None.
        files: YAML files, later ones on top.
        overrides: `dotted.key=value`, on top of all.

    Returns:
        The whole configuration.

    Raises:
        PluginError: There is no such method.
        ConfigError: There is no such preset, a setting is wrong, or a file is of another method.
    """
    component = plugins.find("methods", method)
    if preset is None:
        _refuse_preset_as_setting(component, overrides)
    layer: dict[str, Any] = {} if preset is None else find_preset(component, preset)
    layer = {**layer, "method": {**layer.get("method", {}), "type": method}}
    guidance = _guidance(component, method, preset)
    config = load_config(TrainConfig, layer, list(files), list(overrides), guidance)
    if plugins.find("methods", config.method.type) != component:
        raise ConfigError(
            f"method.type is {config.method.type!r} in the settings, but the command trains "
            f"{method!r}; give the same method in both"
        )
    return config


def _refuse_preset_as_setting(component: plugins.Component, overrides: Sequence[str]) -> None:
    names = preset_summaries(component)
    if word := next((word for word in overrides if word in names), None):
        raise ConfigError(f"{word!r} is a preset of {component.name}; write --preset {word}")


def _guidance(component: plugins.Component, method: str, preset: str | None) -> Guidance:
    """Name where the settings of a method are listed, and what supplies the required ones."""
    trainer = "give trainer.steps=… or trainer.epochs=…"
    if preset is None and (
        names := sorted(preset_summaries(component), key=lambda name: name != "demo")
    ):
        others = f" (or {', '.join(names[1:])})" if names[1:] else ""
        trainer = f"give --preset {names[0]}{others}, or {trainer.removeprefix('give ')}"
    listing = "gaussrep plugins datasets"
    takes_images = "image_size" in config_class("methods", component.qualified).model_fields
    own_data = "data.type=images data.root={root}" if takes_images else ""
    data = f"give data.type=… and its settings, one of: {listing}"
    if takes_images:
        data = f"give data.type=images data.root=FOLDER, or another one of: {listing}"
    return Guidance(f"gaussrep settings {method}", {"trainer": trainer, "data": data}, own_data)
