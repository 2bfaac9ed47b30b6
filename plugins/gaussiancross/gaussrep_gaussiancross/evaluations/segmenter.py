"""`point-segmenter`: a linear classifier on a method's point features, and its loss."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import one_hot

from gaussrep.building import build
from gaussrep.config import ComponentConfig
from gaussrep.data.scenes import IGNORED
from gaussrep.methods.method import Batch, Method, StepOutput
from gaussrep_gaussiancross.evaluations.config import SegmenterConfig
from gaussrep_gaussiancross.point_method import PointMethod, require_point_method


def lovasz_softmax(
    scores: Float[Tensor, "p classes"], labels: Int[Tensor, " p"]
) -> Float[Tensor, ""]:
    """Mean over the classes that occur of the Lovász extension of one minus the Jaccard index.

    A class's error at a point is one minus the probability of the class where it is true, and that
    probability elsewhere (equation 8). The extension is the product of the sorted errors and
    `jaccard_gradient` (equations 9 and 11).

    Args:
        scores: Logits.
        labels: Classes, from 0; at least one point.

    Returns:
        From 0 to 1, 0 where every point is given its own class with certainty.
    """
    truth = one_hot(labels, scores.shape[1]).bool()
    present = truth.any(dim=0)
    truth, shares = truth[:, present], scores.softmax(dim=1)[:, present]
    errors, order = (truth.to(shares) - shares).abs().sort(dim=0, descending=True)
    return (errors * jaccard_gradient(truth.gather(0, order))).sum(dim=0).mean()


def jaccard_gradient(truth: Bool[Tensor, "p classes"]) -> Float[Tensor, "p classes"]:
    """By how much one minus the Jaccard index grows with each further point that is wrong.

    Args:
        truth: Whether each point is of the class, by falling error; every class has points.

    Returns:
        Growth from the first i - 1 points being wrong to the first i (algorithm 1 of the paper).
    """
    true = truth.sum(dim=0)
    intersections = true - truth.cumsum(dim=0)
    unions = true + (~truth).cumsum(dim=0)
    losses = 1 - intersections / unions
    return losses.diff(dim=0, prepend=torch.zeros_like(losses[:1]))


def segmentation_loss(
    scores: Float[Tensor, "p classes"], labels: Int[Tensor, " p"]
) -> Float[Tensor, ""]:
    """Cross entropy plus Lovász-Softmax, one to one (released configurations).

    Args:
        scores: Logits.
        labels: Classes; points where it is `IGNORED` do not count.

    Returns:
        A scalar; 0, with a graph behind it, where no point has a class.
    """
    known = labels != IGNORED
    if not known.any():
        return 0.0 * scores.sum()
    scores, labels = scores[known], labels[known]
    return functional.cross_entropy(scores, labels) + lovasz_softmax(scores, labels)


def build_body(config: ComponentConfig) -> PointMethod:
    """Build a method of which the backbone alone can learn.

    Args:
        config: Settings of a registered method.

    Returns:
        The method, with fresh weights.

    Raises:
        CapabilityError: The method does not encode points.
    """
    body = require_point_method(build("methods", config))
    body.requires_grad_(False)
    body.backbone.requires_grad_(True)
    return body


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
