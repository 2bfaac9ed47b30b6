"""Average precision of predicted instances, by the rules of the ScanNet benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussrep.data.scenes import IGNORED


@dataclass(frozen=True, eq=False)
class Proposals:
    """Objects of one scene, as guessed.

    Attributes:
        masks: Which points each holds; may share points.
        labels: Their classes.
        scores: How sure each is; the higher, the surer.
    """

    masks: Bool[Tensor, "q p"]
    labels: Int[Tensor, " q"]
    scores: Float[Tensor, " q"]


@dataclass(frozen=True, eq=False)
class Overlaps:
    """How the guessed objects of one scene lie over the true ones.

    Attributes:
        shared: Points that a guessed and a true object share.
        guessed_sizes: Points of each guessed object.
        guessed_labels: Their classes.
        scores: How sure each is.
        free: Points of each guessed object that are in no true object that counts.
        true_sizes: Points of each true object.
        true_labels: Their classes.
    """

    shared: Int[Tensor, "q t"]
    guessed_sizes: Int[Tensor, " q"]
    guessed_labels: Int[Tensor, " q"]
    scores: Float[Tensor, " q"]
    free: Int[Tensor, " q"]
    true_sizes: Int[Tensor, " t"]
    true_labels: Int[Tensor, " t"]

    @classmethod
    def of(
        cls, proposals: Proposals, labels: Int[Tensor, " p"], instances: Int[Tensor, " p"]
    ) -> "Overlaps":
        """Compare the guesses of one scene with its truth.

        Args:
            proposals: The guesses.
            labels: Class of each point; an object has that of most of its points.
            instances: Object of each point, `IGNORED` where it is in none that counts.
        """
        numbers = instances[instances != IGNORED].unique()
        true = instances == numbers[:, None]
        # Single precision counts exactly up to 16.7 million points.
        shared = proposals.masks.float() @ true.float().mT
        return cls(
            shared=shared.long(),
            guessed_sizes=proposals.masks.sum(dim=1),
            guessed_labels=proposals.labels,
            scores=proposals.scores,
            free=(proposals.masks & (instances == IGNORED)).sum(dim=1),
            true_sizes=true.sum(dim=1),
            true_labels=torch.stack([labels[mask].mode().values for mask in true])
            if len(numbers)
            else numbers,
        )


def counted_instances(
    labels: Int[Tensor, " p"], instances: Int[Tensor, " p"], stuff: tuple[int, ...]
) -> Int[Tensor, " p"]:
    """Take points out of the objects that do not count.

    Args:
        labels: Class of each point, `IGNORED` where it has none.
        instances: Object of each point, `IGNORED` where it is in none.
        stuff: Classes that have no objects: walls, floors.

    Returns:
        The instances, `IGNORED` where a point has no class or that of stuff.
    """
    none = torch.isin(labels, labels.new_tensor([IGNORED, *stuff]))
    return instances.masked_fill(none, IGNORED)


THRESHOLDS = tuple(percent / 100 for percent in range(50, 95, 5))
"""Intersections over unions that a hit must exceed: 0.5, 0.55, …, 0.9 (benchmark)."""
LOOSE = 0.25
"""The threshold of AP25 (benchmark)."""


@dataclass(frozen=True, slots=True)
class InstanceScores:
    """What guessed objects reached; all from 0 to 1, 1 best.

    Attributes:
        ap: Mean over classes and `THRESHOLDS` of the average precision.
        ap50: At the threshold 0.5 alone.
        ap25: At the threshold 0.25.
        class_aps: Of each class, over `THRESHOLDS`; not a number for one without true objects,
            which no mean counts.
    """

    ap: float
    ap50: float
    ap25: float
    class_aps: Float[Tensor, " classes"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of the guesses of one class in one scene, or of several scenes together.

    Attributes:
        scores: Of the guesses that count.
        hits: Which of them are right.
        missed: Number of true objects that none of them found.
    """

    scores: Float[Tensor, " n"]
    hits: Bool[Tensor, " n"]
    missed: int

    @classmethod
    def joined(cls, outcomes: "Sequence[Outcome]") -> "Outcome":
        """Put the guesses of all scenes together."""
        return cls(
            torch.cat([outcome.scores for outcome in outcomes]),
            torch.cat([outcome.hits for outcome in outcomes]),
            sum(outcome.missed for outcome in outcomes),
        )

    @property
    def average_precision(self) -> float:
        """Area under precision over recall; not a number where there is no true object.

        The curve has a point for each distinct score, where all guesses of at least that score are
        made, and starts at recall 0 and precision 1; it is integrated by trapezoids (benchmark).
        """
        true = int(self.hits.sum()) + self.missed
        if true == 0:
            return torch.nan
        scores, order = self.scores.sort(descending=True)
        last = torch.ones_like(self.hits)
        last[:-1] = scores[1:] != scores[:-1]
        right = self.hits[order].cumsum(dim=0)[last].double()
        guessed = torch.arange(1, len(scores) + 1, device=right.device)[last]
        recall = torch.cat([right.new_zeros(1), right / true])
        precision = torch.cat([right.new_ones(1), right / guessed])
        return torch.trapezoid(precision, recall).item()


def instance_scores(scenes: Sequence[Overlaps], classes: int, least: int) -> InstanceScores:
    """Score the guessed objects of all scenes.

    Args:
        scenes: One per scene, at least one.
        classes: Number of classes.
        least: Points that an object must have; smaller true objects need not be found, and smaller
            guesses are not looked at (benchmark: 100).

    Returns:
        The scores.
    """
    table = torch.tensor(
        [
            [_average_precision(scenes, label, threshold, least) for label in range(classes)]
            for threshold in (*THRESHOLDS, LOOSE)
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


def outcome_of(scene: Overlaps, label: int, threshold: float, least: int) -> Outcome:
    """Decide which guesses of one class are right in one scene.

    Every true object takes the surest guess that overlaps it by more than the threshold; further
    ones are wrong. A guess that hits nothing does not count if more than the threshold's share of
    it lies where nothing can be hit: outside of all objects that count, or in too small ones.

    Args:
        scene: Guessed and true objects.
        label: The class.
        threshold: Intersection over union that a hit must exceed.
        least: Points that an object must have.
    """
    chosen = (scene.guessed_labels == label) & (scene.guessed_sizes >= least)
    shared, sizes, scores = scene.shared[chosen], scene.guessed_sizes[chosen], scene.scores[chosen]
    large, of_class = scene.true_sizes >= least, scene.true_labels == label
    unions = sizes[:, None] + scene.true_sizes - shared
    overlapping = (shared / unions > threshold) & of_class
    hits = torch.zeros_like(scores, dtype=torch.bool)
    counts = torch.zeros_like(hits)
    for column in (overlapping & large).mT[large & of_class]:
        free = column & ~counts
        counts |= free
        if free.any():
            hits[scores.masked_fill(~free, -torch.inf).argmax()] = True
    nowhere = scene.free[chosen] + shared[:, of_class & ~large].sum(dim=1)
    counts |= ~overlapping.any(dim=1) & (nowhere / sizes <= threshold)
    missed = int((large & of_class).sum() - hits.sum())
    return Outcome(scores[counts], hits[counts], missed)


def _average_precision(
    scenes: Sequence[Overlaps], label: int, threshold: float, least: int
) -> float:
    return Outcome.joined(
        [outcome_of(scene, label, threshold, least) for scene in scenes]
    ).average_precision
