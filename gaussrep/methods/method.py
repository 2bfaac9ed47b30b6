"""Method: a model with its training loss and its outputs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gaussrep.cameras import Cameras
from gaussrep.config import ComponentConfig
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians

if TYPE_CHECKING:
    from gaussrep.training.callback import Callback

Batch = Mapping[str, Tensor]
"""Tensors by name. Batches of image data sets hold `image` [B, 3, H, W] in [0, 1], `index` [B] and,
if there are classes, `label` [B]; batches of the trainer also `sample_seed` [B]."""


@dataclass(frozen=True, slots=True)
class StepOutput:
    """The loss and metrics of one batch.

    Attributes:
        loss: The scalar to minimize, a mean over the samples of the batch.
        metrics: Further scalars to log, by name; means over the samples of the batch.
    """

    loss: Float[Tensor, ""]
    metrics: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Embedding:
    """Features of each sample.

    Attributes:
        tokens: One vector per token, [B, L, D].
        pooled: One vector per sample, [B, D].
    """

    tokens: Float[Tensor, "b l d"]
    pooled: Float[Tensor, "b d"]


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """Images reconstructed from masked input.

    Attributes:
        images: RGB in [0, 1], [B, 3, H, W].
        masked: True where a pixel was masked in the input, [B, H, W].
    """

    images: Float[Tensor, "b 3 h w"]
    masked: Bool[Tensor, "b h w"]


@dataclass(frozen=True, slots=True, eq=False)
class ScheduledOptimizer:
    """An optimizer and the learning rate of each step.

    Before each step the trainer sets the learning rate of every parameter group to
    `lr * schedule(step, steps) * lr_scale`, where `lr_scale` is the group's own entry of that name,
    or 1.

    Attributes:
        optimizer: Over parameters of the method.
        lr: Base learning rate.
        schedule: Factor of the learning rate as a function of the upcoming step, counted
            from 0, and the total number of steps; None keeps the rate constant.
    """

    optimizer: torch.optim.Optimizer
    lr: float
    schedule: Callable[[int, int], float] | None = None

    def set_learning_rate(self, step: int, steps: int) -> float:
        """Set the learning rates of one step.

        Args:
            step: The step about to be made, from 0.
            steps: Total number of steps.

        Returns:
            The learning rate of groups without an `lr_scale`.
        """
        lr = self.lr if self.schedule is None else self.lr * self.schedule(step, steps)
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group.get("lr_scale", 1.0)
        return lr


@dataclass(frozen=True, slots=True)
class CollapseSign:
    """A metric that indicates a collapsed representation while it is beyond a limit.

    Attributes:
        metric: Column of `metrics.csv`.
        limit: The limit.
        meaning: Meaning of such a value, for the warning, such as `all features are alike`.
        cure: What to try, for the warning.
        above: Whether values above the limit indicate a collapse, rather than values below it.
    """

    metric: str
    limit: float
    meaning: str
    cure: str
    above: bool = False

    def shows(self, value: float) -> bool:
        """Check a value of the metric.

        Args:
            value: The value; non-finite values are ignored.

        Returns:
            Whether it is beyond the limit.
        """
        return value > self.limit if self.above else value < self.limit


class Method(nn.Module, ABC):
    """A model that the trainer trains; implement `training_loss` and any of the other outputs.

    Most methods leave devices, optimizers and steps to the trainer, and random numbers to
    `sample_seeds` and `sample_uniform`. If they do, and if losses are means over samples, a run
    does not depend on the number of processes. The trainer seeds torch's global generator before
    each step, differently in each process.

    Args:
        config: The method's own configuration, kept as `config`.
    """

    progress_metrics: ClassVar[tuple[str, ...]] = ()
    """Columns of `metrics.csv` that the progress display shows besides the losses."""

    collapse_signs: ClassVar[tuple[CollapseSign, ...]] = ()
    """Metrics that show a collapse; the trainer warns once about each of them."""

    replaces_parameters: ClassVar[bool] = False
    """Whether callbacks of the method replace parameters between steps, as densification does.
    Several processes then average the gradients after the backward pass instead of during it; the
    same parameters must have gradients in all of them."""

    renamed_weights: ClassVar[Mapping[str, str]] = {}
    """New name of submodules, parameters and buffers by the name that they had in an older version;
    weights with the older names still load."""

    def __init__(self, config: ComponentConfig) -> None:
        super().__init__()
        self.config = config

    @property
    def name(self) -> str:
        """Registered name of the method, or the name of its class."""
        return self.config.type or type(self).__name__

    @property
    def device(self) -> torch.device:
        """Device of the method's first parameter."""
        return next(self.parameters()).device

    @abstractmethod
    def training_loss(self, batch: Batch) -> StepOutput:
        """Compute the loss of one batch.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            The loss, differentiable, and metrics to log.
        """

    def validation_loss(self, batch: Batch) -> StepOutput:
        """Compute the loss of one batch of the validation split; by default `training_loss`.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            The loss and metrics, which the trainer logs as `val_loss` and `val_<metric>`, means
            over the split.
        """
        return self.training_loss(batch)

    def setup(self, dataset: Any) -> None:
        """Prepare for a training split; by default does nothing.

        The trainer calls it once for a new run and once for a resumed one: after the method is
        built, before weights are loaded and before `configure_optimizers` and
        `configure_callbacks`. A fit of one scene places its first Gaussians here.

        Args:
            dataset: The run's `train` split.
        """

    def configure_optimizers(self) -> Mapping[str, ScheduledOptimizer] | None:
        """Build the method's own optimizers; by default None, and the trainer builds one.

        A method with its own optimizers ignores `trainer.optimizer`, `trainer.schedule`,
        `trainer.lr` and `trainer.weight_decay`. All optimizers step at each step of the trainer.

        Returns:
            Optimizers by name, at least one; the names go into checkpoints. The first one's
            learning rate is logged.
        """
        return None

    def configure_callbacks(self) -> "Sequence[Callback]":
        """Build callbacks that belong to the method, such as a densification strategy.

        Returns:
            Callbacks, at most one of each class; they come before those of the configuration.
        """
        return ()

    def on_step_start(self, step: int, steps: int) -> None:
        """Run before the forward passes of an optimizer step; by default does nothing.

        Args:
            step: The step about to be made, from 0.
            steps: Total number of steps.
        """

    def export(self, folder: Path) -> None:
        """Write additional files, such as `scene.ply`; by default none.

        The trainer calls it in the main process after each checkpoint. The files go beside
        `model.safetensors`; the method's record lists their names as `run_files`.

        Args:
            folder: The run folder.
        """

    def gaussians(self, batch: Batch) -> Gaussians:
        """Predict the Gaussians of each sample.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            Gaussians [B, N].

        Raises:
            CapabilityError: The method predicts no Gaussians.
        """
        raise CapabilityError(f"{type(self).__name__} predicts no Gaussians")

    def cameras(self, batch: Batch) -> Cameras:
        """Return the cameras with which the Gaussians of each sample are rendered.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            Cameras [B, V]: those of the batch, unless the method has its own.

        Raises:
            CapabilityError: Neither the method nor the batch has cameras.
        """
        if not {"images", "viewmats", "Ks"} <= batch.keys():
            raise CapabilityError(f"{type(self).__name__} has no camera, and neither has the batch")
        height, width = batch["images"].shape[-2:]
        return Cameras(batch["viewmats"], batch["Ks"], width, height)

    def embed(self, batch: Batch) -> Embedding:
        """Embed each sample of the batch.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            Token and pooled features.

        Raises:
            CapabilityError: The method does not embed.
        """
        raise CapabilityError(f"{type(self).__name__} gives no embedding")

    def reconstruct(self, batch: Batch) -> Reconstruction:
        """Mask images as in training and reconstruct them.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            The reconstructed images and the mask, which is random.

        Raises:
            CapabilityError: The method does not reconstruct images.
        """
        raise CapabilityError(f"{type(self).__name__} reconstructs no images")

    def embedding_layers(self) -> Sequence[nn.Module]:
        """List the modules that `embed` uses, for fine-tuning with layer-wise learning rates.

        Returns:
            Disjoint modules from the input to the output, together all that `embed` uses.

        Raises:
            CapabilityError: The method does not embed.
        """
        raise CapabilityError(f"{type(self).__name__} cannot be fine-tuned: it names no layers")

    def load_pretrained(self) -> None:
        """Load pretrained weights that the configuration names; by default none.

        The trainer calls it once before the first step of a new run, except if the run starts
        from the weights of another.

        Raises:
            GaussrepError: The weights are missing, or do not fit.
        """

    def no_weight_decay(self) -> set[str]:
        """List parameters without weight decay, besides those of one dimension.

        Returns:
            Names as in `named_parameters`, such as positional embeddings and learned queries.
        """
        return set()

    def lr_scales(self) -> Mapping[str, float]:
        """Return factors on the learning rate of some parameters.

        Returns:
            Factors by names as in `named_parameters`; all others have factor 1.
        """
        return {}

    def forward(self, batch: Batch) -> StepOutput:
        """Call `training_loss`; wrappers for several processes wrap `forward`.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            The loss and metrics.
        """
        return self.training_loss(batch)

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Load weights, also those with the older names of `renamed_weights`."""
        for name in [name for name in state_dict if name.startswith(prefix)]:
            first, dot, rest = name.removeprefix(prefix).partition(".")
            if first in self.renamed_weights:
                state_dict[prefix + self.renamed_weights[first] + dot + rest] = state_dict.pop(name)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
