"""`point-segmenter`: a linear classifier on a method's point features, and its loss."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import one_hot

from gaussrep import build
from gaussrep.config import ComponentConfig
from gaussrep.data import IGNORED
from gaussrep.methods import Batch, Method, StepOutput, join_rows
from gaussrep_gaussiancross.evaluations.config import SegmenterConfig
from gaussrep_gaussiancross.point_method import PointMethod, require_point_method


def lovasz_softmax(
    scores: Float[Tensor, "p classes"], labels: Int[Tensor, " p"]
) -> Float[Tensor, ""]:
    """Compute the Lovász-Softmax loss (Berman, Triki, Blaschko, CVPR 2018).

    It is the mean over the present classes of the Lovász extension of one minus the Jaccard index.
    A class's error at a point is one minus the probability of the class where it is true, and that
    probability elsewhere (equation 8). The extension is the product of the sorted errors and
    `jaccard_gradient` (equations 9 and 11).

    Args:
        scores: Logits.
        labels: Classes, from 0; at least one point.

    Returns:
        From 0 to 1; 0 if every point's own class has probability 1.
    """
    truth = one_hot(labels, scores.shape[1]).bool()
    present = truth.any(dim=0)
    truth, probabilities = truth[:, present], scores.softmax(dim=1)[:, present]
    errors, order = (truth.to(probabilities) - probabilities).abs().sort(dim=0, descending=True)
    return (errors * jaccard_gradient(truth.gather(0, order))).sum(dim=0).mean()


def jaccard_gradient(truth: Bool[Tensor, "p classes"]) -> Float[Tensor, "p classes"]:
    """Compute the increase of one minus the Jaccard index with each further misclassified point.

    Args:
        truth: Whether each point is of the class, by descending error; every class has points.

    Returns:
        Increase from the first i - 1 to the first i points misclassified (algorithm 1 of the
        paper).
    """
    true = truth.sum(dim=0)
    intersections = true - truth.cumsum(dim=0)
    unions = true + (~truth).cumsum(dim=0)
    losses = 1 - intersections / unions
    return losses.diff(dim=0, prepend=torch.zeros_like(losses[:1]))


def segmentation_loss(
    scores: Float[Tensor, "p classes"], labels: Int[Tensor, " p"]
) -> Float[Tensor, ""]:
    """Compute cross entropy plus Lovász-Softmax, weighted equally (released configurations).

    Args:
        scores: Logits.
        labels: Classes; points with `IGNORED` do not count.

    Returns:
        A scalar; a differentiable 0 if no point has a class.
    """
    known = labels != IGNORED
    if not known.any():
        return 0.0 * scores.sum()
    scores, labels = scores[known], labels[known]
    return functional.cross_entropy(scores, labels) + lovasz_softmax(scores, labels)


def build_base_method(config: ComponentConfig) -> PointMethod:
    """Build a method of which only the backbone is trainable.

    Args:
        config: Settings of a registered method.

    Returns:
        The method, with fresh weights.

    Raises:
        CapabilityError: If the method does not encode points.
    """
    base_method = require_point_method(build("methods", config))
    _train_backbone_only(base_method)
    return base_method


def _train_backbone_only(base_method: PointMethod) -> None:
    base_method.requires_grad_(False)
    base_method.backbone.requires_grad_(True)


class DownstreamMethod(Method):
    """A method that trains the backbone of a base method on labels.

    Attributes:
        base_method: The method, built by `build_base_method`.
    """

    base_method: PointMethod
    renamed_weights: ClassVar[Mapping[str, str]] = {"body": "base_method", "seen": "class_counts"}

    def load_pretrained(self) -> None:
        """Load the weights that the base method starts from."""
        self.base_method.load_pretrained()

    def load_base_method(self, trained: Method) -> None:
        """Copy the weights of a trained base method.

        Args:
            trained: A method of the same configuration.
        """
        self.base_method.load_state_dict(trained.state_dict())
        _train_backbone_only(self.base_method)  # loading may add parameters


class Segmenter(DownstreamMethod):
    """Classify every point by a linear layer on a base method's features.

    Only the backbone of the base method is trained.

    Args:
        config: The base method, and the number of classes.

    Attributes:
        class_counts: Number of training points of each class, [classes].

    Raises:
        CapabilityError: If the base method does not encode points.
    """

    config: SegmenterConfig
    class_counts: Int[Tensor, " classes"]

    def __init__(self, config: SegmenterConfig) -> None:
        super().__init__(config)
        self.base_method = build_base_method(config.base_method)
        self.head = nn.Linear(self.base_method.point_width, config.classes)
        self.register_buffer("class_counts", torch.zeros(config.classes, dtype=torch.int64))

    def training_loss(self, batch: Batch) -> StepOutput:
        """Compute cross entropy plus Lovász-Softmax.

        Args:
            batch: Inputs of the base method, and `labels`, [P].

        Returns:
            The loss.
        """
        labels = join_rows(batch["labels"])
        if self.training:
            self.class_counts += count_classes(labels, self.config.classes)
        return StepOutput(segmentation_loss(join_rows(self.scores(batch)), labels))

    def scores(self, batch: Batch) -> Float[Tensor, "p classes"]:
        """Compute the class scores of each point.

        Args:
            batch: Inputs of the base method.

        Returns:
            Logits; the highest one is the prediction.
        """
        return self.head(self.base_method.encode_points(batch))

    def no_weight_decay(self) -> set[str]:
        """Return the parameters of the base method without weight decay.

        Returns:
            Their names.
        """
        return {f"base_method.{name}" for name in self.base_method.no_weight_decay()}


def count_classes(labels: Int[Tensor, " p"], classes: int) -> Int[Tensor, " classes"]:
    """Count the points of each class.

    Args:
        labels: Classes; points with `IGNORED` do not count.
        classes: Number of classes.

    Returns:
        Number of points of each class.
    """
    return labels[labels != IGNORED].bincount(minlength=classes)
