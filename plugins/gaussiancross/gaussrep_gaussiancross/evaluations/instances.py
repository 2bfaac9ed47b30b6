"""Average precision of predicted instances, by the rules of the ScanNet benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussrep.data import IGNORED


@dataclass(frozen=True, eq=False)
class Proposals:
    """Predicted instances of one scene.

    Attributes:
        masks: Mask of each instance's points; instances may overlap.
        labels: Class of each instance.
        scores: Confidence of each instance.
    """

    masks: Bool[Tensor, "q p"]
    labels: Int[Tensor, " q"]
    scores: Float[Tensor, " q"]


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Overlaps of the predicted instances of one scene with the ground-truth instances.

    Attributes:
        shared: Number of points shared by a predicted and a ground-truth instance.
        predicted_sizes: Number of points of each predicted instance.
        predicted_labels: Class of each predicted instance.
        scores: Confidence of each predicted instance.
        free: Number of points of each predicted instance outside all valid ground-truth instances.
        target_sizes: Number of points of each ground-truth instance.
        target_labels: Class of each ground-truth instance.
    """

    shared: Int[Tensor, "q t"]
    predicted_sizes: Int[Tensor, " q"]
    predicted_labels: Int[Tensor, " q"]
    scores: Float[Tensor, " q"]
    free: Int[Tensor, " q"]
    target_sizes: Int[Tensor, " t"]
    target_labels: Int[Tensor, " t"]

    @classmethod
    def of(
        cls, proposals: Proposals, labels: Int[Tensor, " p"], instances: Int[Tensor, " p"]
    ) -> "Overlaps":
        """Compare the predictions of one scene with its ground truth.

        Args:
            proposals: The predicted instances.
            labels: Class of each point; an instance has the class of most of its points.
            instances: Instance of each point, `IGNORED` where it is in no valid one.

        Returns:
            The overlaps.
        """
        numbers = instances[instances != IGNORED].unique()
        true = instances == numbers[:, None]
        # Single precision counts exactly up to 16.7 million points.
        shared = proposals.masks.float() @ true.float().mT
        return cls(
            shared=shared.long(),
            predicted_sizes=proposals.masks.sum(dim=1),
            predicted_labels=proposals.labels,
            scores=proposals.scores,
            free=(proposals.masks & (instances == IGNORED)).sum(dim=1),
            target_sizes=true.sum(dim=1),
            target_labels=torch.stack([labels[mask].mode().values for mask in true])
            if len(numbers)
            else numbers,
        )


def valid_instances(
    labels: Int[Tensor, " p"], instances: Int[Tensor, " p"], stuff: tuple[int, ...]
) -> Int[Tensor, " p"]:
    """Remove instances of classes that have none.

    Args:
        labels: Class of each point, `IGNORED` where it has none.
        instances: Instance of each point, `IGNORED` where it is in none.
        stuff: Classes without instances: walls, floors.

    Returns:
        The instances, `IGNORED` where a point has no class or a class of stuff.
    """
    none = torch.isin(labels, labels.new_tensor([IGNORED, *stuff]))
    return instances.masked_fill(none, IGNORED)


THRESHOLDS = tuple(percent / 100 for percent in range(50, 95, 5))
"""Intersections over unions that a match must exceed: 0.5, 0.55, …, 0.9 (benchmark)."""
AP25_THRESHOLD = 0.25
"""The threshold of AP25 (benchmark)."""


@dataclass(frozen=True, slots=True)
class InstanceScores:
    """Scores of an instance segmentation, from 0 to 1 (best).

    Attributes:
        ap: Average precision, averaged over classes and `THRESHOLDS`.
        ap50: Average precision at the threshold 0.5.
        ap25: Average precision at the threshold 0.25.
        class_aps: Average precision of each class over `THRESHOLDS`; NaN for a class without
            ground-truth instances, which the means leave out.
    """

    ap: float
    ap50: float
    ap25: float
    class_aps: Float[Tensor, " classes"]


@dataclass(frozen=True, eq=False)
class MatchResult:
    """Matches of the predictions of one class in one scene, or in several scenes together.

    Attributes:
        scores: Confidence of each prediction that counts.
        hits: Mask of the true positives among them.
        missed: Number of ground-truth instances without a match (false negatives).
    """

    scores: Float[Tensor, " n"]
    hits: Bool[Tensor, " n"]
    missed: int

    @classmethod
    def cat(cls, results: "Sequence[MatchResult]") -> "MatchResult":
        """Concatenate the results of several scenes.

        Args:
            results: One result per scene.

        Returns:
            The joint result.
        """
        return cls(
            torch.cat([result.scores for result in results]),
            torch.cat([result.hits for result in results]),
            sum(result.missed for result in results),
        )

    @property
    def average_precision(self) -> float:
        """Area under the precision-recall curve; NaN if there is no ground-truth instance.

        The curve starts at recall 0 and precision 1 and has one point per distinct score, from all
        predictions of at least that score; it is integrated by trapezoids (benchmark).
        """
        true = int(self.hits.sum()) + self.missed
        if true == 0:
            return torch.nan
        scores, order = self.scores.sort(descending=True)
        last = torch.ones_like(self.hits)
        last[:-1] = scores[1:] != scores[:-1]
        true_positives = self.hits[order].cumsum(dim=0)[last].double()
        predicted = torch.arange(1, len(scores) + 1, device=true_positives.device)[last]
        recall = torch.cat([true_positives.new_zeros(1), true_positives / true])
        precision = torch.cat([true_positives.new_ones(1), true_positives / predicted])
        return torch.trapezoid(precision, recall).item()


def instance_scores(scenes: Sequence[Overlaps], classes: int, min_points: int) -> InstanceScores:
    """Score the predicted instances of all scenes.

    Args:
        scenes: Overlaps of each scene, at least one.
        classes: Number of classes.
        min_points: Smallest number of points of an instance; smaller predictions are ignored, and
            smaller ground-truth instances need no match (benchmark: 100).

    Returns:
        The scores.
    """
    table = torch.tensor(
        [
            [_average_precision(scenes, label, threshold, min_points) for label in range(classes)]
            for threshold in (*THRESHOLDS, AP25_THRESHOLD)
        ],
        dtype=torch.float64,
    )
    class_aps = table[:-1].mean(dim=0)
    means = table.nanmean(dim=1)
    return InstanceScores(
        ap=class_aps.nanmean().item(),
        ap50=means[0].item(),
        ap25=means[-1].item(),
        class_aps=class_aps,
    )


def match_predictions(
    scene: Overlaps, label: int, threshold: float, min_points: int
) -> MatchResult:
    """Match the predictions of one class in one scene with the ground truth.

    Every ground-truth instance is matched with the most confident prediction whose overlap exceeds
    the threshold; further ones are false positives. A prediction without any match does not count
    if a larger fraction of it than the threshold is outside all valid instances or in too small
    ones.

    Args:
        scene: Overlaps of predicted and ground-truth instances.
        label: The class.
        threshold: Intersection over union that a match must exceed.
        min_points: Smallest number of points of an instance.

    Returns:
        The matches.
    """
    chosen = (scene.predicted_labels == label) & (scene.predicted_sizes >= min_points)
    shared, sizes, scores = (
        scene.shared[chosen],
        scene.predicted_sizes[chosen],
        scene.scores[chosen],
    )
    large, of_class = scene.target_sizes >= min_points, scene.target_labels == label
    unions = sizes[:, None] + scene.target_sizes - shared
    overlapping = (shared / unions > threshold) & of_class
    hits = torch.zeros_like(scores, dtype=torch.bool)
    counts = torch.zeros_like(hits)
    for column in (overlapping & large).mT[large & of_class]:
        free = column & ~counts
        counts |= free
        if free.any():
            hits[scores.masked_fill(~free, -torch.inf).argmax()] = True
    ignored = scene.free[chosen] + shared[:, of_class & ~large].sum(dim=1)
    counts |= ~overlapping.any(dim=1) & (ignored / sizes <= threshold)
    missed = int((large & of_class).sum() - hits.sum())
    return MatchResult(scores[counts], hits[counts], missed)


def _average_precision(
    scenes: Sequence[Overlaps], label: int, threshold: float, min_points: int
) -> float:
    return MatchResult.cat(
        [match_predictions(scene, label, threshold, min_points) for scene in scenes]
    ).average_precision
