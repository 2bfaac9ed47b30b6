"""The `classifier` method: another method's embedding and a linear head, trained on labels."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaussrep.building import build
from gaussrep.evaluation.fine_tuning.config import ClassifierConfig
from gaussrep.methods.joint_batch import are_joint, shared_random_numbers, with_row_before
from gaussrep.methods.method import Batch, Embedding, Method, StepOutput

HEAD_START = 2e-5
"""Standard deviation of the head's initial weights (MAE's code)."""

Mix = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class Classifier(Method):
    """Classify the pooled embedding of another method, the base method, by a linear layer.

    Parameters outside of the base method's `embedding_layers` are frozen.

    Args:
        config: The base method, the head, and the mixing of images and labels in training.

    Raises:
        CapabilityError: The base method lists no layers.
    """

    config: ClassifierConfig
    renamed_weights: ClassVar[Mapping[str, str]] = {"body": "base_method"}

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__(config)
        self.base_method: Method = build("methods", config.base_method)
        self.base_method.requires_grad_(False)
        for layer in self.base_method.embedding_layers():
            layer.requires_grad_(True)
        self.head = nn.Linear(config.width, config.classes)
        nn.init.trunc_normal_(self.head.weight, std=HEAD_START)
        nn.init.zeros_(self.head.bias)
        self._mixes = mixes(config)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Compute the cross entropy; in training with mixed images and smoothed labels.

        Args:
            batch: Input of the base method's `embed`, and `label`, [B].

        Returns:
            The loss; in evaluation mode also `top1`.
        """
        labels: Tensor = batch["label"]
        if not self.training:
            scores = self.scores(batch)
            top1 = (scores.argmax(dim=1) == labels).float().mean()
            return StepOutput(functional.cross_entropy(scores, labels), {"top1": top1})
        images = batch["image"]
        if self._mixes:
            images, labels = self._mixed(images, labels)
        scores = self.scores({**batch, "image": images})
        smoothing = self.config.label_smoothing
        return StepOutput(functional.cross_entropy(scores, labels, label_smoothing=smoothing))

    def _mixed(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mix each image and its label with the previous ones in the global batch."""
        with shared_random_numbers(images.device):
            mix = self._mixes[int(torch.randint(len(self._mixes), ()))]
            if not are_joint():
                return mix(images, labels)
            images, labels = mix(with_row_before(images), with_row_before(labels))
        return images[1:], labels[1:]

    def scores(self, batch: Batch) -> Float[Tensor, "b classes"]:
        """Compute the scores of all classes.

        Args:
            batch: Input of the base method's `embed`.

        Returns:
            Logits; the highest is the predicted class.
        """
        return self.head(self.embed(batch).pooled)

    def embed(self, batch: Batch) -> Embedding:
        """Embed each sample by the base method; see the base class."""
        return self.base_method.embed(batch)

    def embedding_layers(self) -> Sequence[nn.Module]:
        """List the base method's layers; see the base class."""
        return self.base_method.embedding_layers()

    def load_pretrained(self) -> None:
        """Load the base method's pretrained weights, unless it starts from given ones."""
        if not self.config.initial_weights_hash:
            self.base_method.load_pretrained()

    def no_weight_decay(self) -> set[str]:
        """List the parameters that the base method exempts; see the base class."""
        return {f"base_method.{name}" for name in self.base_method.no_weight_decay()}

    def lr_scales(self) -> Mapping[str, float]:
        """Return powers of `layer_decay`; the last layer, usually a norm, has the head's rate.

        Examples:
            Of three layers and a decay of 0.5, the rates are 0.25, 0.5 and 1.
        """
        names = {parameter: name for name, parameter in self.named_parameters()}
        layers = self.embedding_layers()
        return {
            names[parameter]: self.config.layer_decay ** (len(layers) - 1 - depth)
            for depth, layer in enumerate(layers)
            for parameter in layer.parameters()
        }


def mixes(config: ClassifierConfig) -> list[Mix]:
    """Build the mixing functions, one of which is applied to each training batch at even odds.

    Args:
        config: Strengths of mixup and CutMix, and the number of classes.

    Returns:
        Functions of images [B, 3, H, W] and labels [B], to images and targets [B, classes]. They
        draw from torch's global generator.
    """
    if not (config.mixup or config.cutmix):
        return []
    from torchvision.transforms import v2

    kinds = ((v2.MixUp, config.mixup), (v2.CutMix, config.cutmix))
    return [kind(alpha=alpha, num_classes=config.classes) for kind, alpha in kinds if alpha > 0]
