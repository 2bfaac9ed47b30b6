"""Method: a model, its loss, and what it gives once it is trained."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
"""Tensors by name; image sets give `image` [B, 3, H, W] in [0, 1], `index` [B] and, where they have
classes, `label` [B]."""


@dataclass(frozen=True, slots=True)
class StepOutput:
    """What one batch costs.

    Attributes:
        loss: The scalar to minimize, a mean over the batch.
        metrics: Further scalars to log, by name; means over the batch.
    """

    loss: Float[Tensor, ""]
    metrics: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a method learned to say about each sample.

    Attributes:
        tokens: One vector per token, [B, L, D].
        pooled: One vector per sample, [B, D].
    """

    tokens: Float[Tensor, "b l d"]
    pooled: Float[Tensor, "b d"]


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """Images as a method says them again from a part of what they show.

    Attributes:
        images: RGB in [0, 1], [B, 3, H, W].
        hidden: Which pixels the method did not see, [B, H, W].
    """

    images: Float[Tensor, "b 3 h w"]
    hidden: Bool[Tensor, "b h w"]


@dataclass(frozen=True, slots=True, eq=False)
class ScheduledOptimizer:
    """An optimizer and the learning rate of each step.

    Before each step the trainer sets the learning rate of every parameter group to
    `lr * schedule(step, steps) * lr_scale`, where `lr_scale` is the group's own entry of that name,
    or 1.

    Attributes:
        optimizer: Over parameters of the method.
        lr: Base learning rate.
        schedule: Factor on the learning rate as a function of the step about to be made, counted
            from 0, and the number of steps in all; None keeps the rate constant.
    """

    optimizer: torch.optim.Optimizer
    lr: float
    schedule: Callable[[int, int], float] | None = None

    def set_learning_rate(self, step: int, steps: int) -> float:
        """Set the learning rates of one step.

        Args:
            step: The step about to be made, from 0.
            steps: Number of steps in all.

        Returns:
            The learning rate of groups without an `lr_scale`.
        """
        lr = self.lr if self.schedule is None else self.lr * self.schedule(step, steps)
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group.get("lr_scale", 1.0)
        return lr


class Method(nn.Module, ABC):
    """A learner: write `training_loss`, and whichever of the others it can give.

    A method knows nothing of devices, optimizers or steps. What is random in it draws from torch's
    global generator, which the training loop seeds and, on resume, restores.

    Args:
        config: The method's own configuration, kept as `config`.
    """

    def __init__(self, config: ComponentConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def training_loss(self, batch: Batch) -> StepOutput:
        """Compute the loss of one batch.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            The loss, with a graph behind it, and what else to log.
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
        """Prepare for a training split; by default nothing.

        The trainer calls it once for a new run and once for a resumed one: after the method is
        built, before weights are loaded and before `configure_optimizers` and
        `configure_callbacks`. A fit of one scene places its first Gaussians here.

        Args:
            dataset: The run's `train` split.
        """

    def configure_optimizers(self) -> Mapping[str, ScheduledOptimizer] | None:
        """Build the method's own optimizers; by default None, and the trainer builds one.

        A method with optimizers of its own does without `trainer.optimizer`, `trainer.schedule`,
        `trainer.lr` and `trainer.weight_decay`. All optimizers make a step at each step of the
        trainer.

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
        """Act before the forward passes of an optimizer step; by default nothing.

        Args:
            step: The step about to be made, from 0.
            steps: Number of steps in all.
        """

    def export(self, folder: Path) -> None:
        """Write further files of what was learned, such as `scene.ply`; by default none.

        The trainer calls it in the main process after each checkpoint. The files stand beside
        `model.safetensors`; the method's record lists their names as `run_files`.

        Args:
            folder: The run folder.
        """

    def gaussians(self, batch: Batch) -> Gaussians:
        """Say each sample of the batch in Gaussians.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            Gaussians with one leading axis, the batch.

        Raises:
            CapabilityError: The method does not make Gaussians.
        """
        raise CapabilityError(f"{type(self).__name__} gives no Gaussians")

    def cameras(self, batch: Batch) -> Cameras:
        """Say from where the Gaussians of each sample are meant to be seen.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            The views that come with the batch, [B, V], unless the method has a camera of its own.

        Raises:
            CapabilityError: No views come with the batch.
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
        """Hide a part of each image, as in training, and say the whole image again.

        Args:
            batch: Tensors by name, on the method's device.

        Returns:
            The images said again and what was hidden; which part that is, is random.

        Raises:
            CapabilityError: The method does not reconstruct images.
        """
        raise CapabilityError(f"{type(self).__name__} reconstructs no images")

    def embedding_layers(self) -> Sequence[nn.Module]:
        """Name the parts that `embed` runs through, for fine-tuning with layer-wise rates.

        Returns:
            Modules from the input to the output, disjoint, together all that `embed` uses.

        Raises:
            CapabilityError: The method does not embed.
        """
        raise CapabilityError(f"{type(self).__name__} cannot be fine-tuned: it names no layers")

    def load_pretrained(self) -> None:
        """Load what the configuration says a new run starts from; by default nothing.

        Training calls it once, before the first step; not where the weights are those of a run.

        Raises:
            GaussrepError: There are no such weights, or they do not fit.
        """

    def no_weight_decay(self) -> set[str]:
        """Name the parameters, besides those of one dimension, that weight decay must leave alone.

        Returns:
            Names as `named_parameters` spells them; positional embeddings and learned queries, say.
        """
        return set()

    def lr_scales(self) -> Mapping[str, float]:
        """Name the parameters that learn at another rate than the run's.

        Returns:
            Factors on the learning rate, by names as `named_parameters` spells them.
        """
        return {}

    def forward(self, batch: Batch) -> StepOutput:
        """Call `training_loss`: what wraps a module for several processes wraps its `forward`."""
        return self.training_loss(batch)
