"""`point-segmenter`: a method's features of points and a linear head, trained on labels."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep.data.scenes.point_cloud import IGNORED
from gaussrep.methods.method import Batch, Method, StepOutput
from gaussrep_gaussiancross.downstream.body import build_body
from gaussrep_gaussiancross.downstream.config import SegmenterConfig
from gaussrep_gaussiancross.downstream.segmentation_loss import segmentation_loss


class Segmenter(Method):
    """Classifies every point by a linear layer on another method's features.

    Of the other method only the backbone learns.

    Args:
        config: The other method, and the number of classes.

    Attributes:
        seen: How many points of each class it was trained on, [classes].

    Raises:
        CapabilityError: The other method does not encode points.
    """

    config: SegmenterConfig
    seen: Int[Tensor, " classes"]

    def __init__(self, config: SegmenterConfig) -> None:
        super().__init__(config)
        self.body = build_body(config.body)
        self.head = nn.Linear(self.body.point_width, config.classes)
        self.register_buffer("seen", torch.zeros(config.classes, dtype=torch.int64))

    def training_loss(self, batch: Batch) -> StepOutput:
        """Cross entropy plus Lovász-Softmax.

        Args:
            batch: What the other method encodes, and `labels`, [P].
        """
        labels = batch["labels"]
        if self.training:
            self.seen += count_classes(labels, self.config.classes)
        return StepOutput(segmentation_loss(self.scores(batch), labels))

    def scores(self, batch: Batch) -> Float[Tensor, "p classes"]:
        """Score every class of each point; the highest one is the guess."""
        return self.head(self.body.encode_points(batch))

    def no_weight_decay(self) -> set[str]:
        """What the other method exempts."""
        return {f"body.{name}" for name in self.body.no_weight_decay()}


def count_classes(labels: Int[Tensor, " p"], classes: int) -> Int[Tensor, " classes"]:
    """How many points each class has.

    Args:
        labels: Classes; points where it is `IGNORED` do not count.
        classes: Number of classes.
    """
    return labels[labels != IGNORED].bincount(minlength=classes)
