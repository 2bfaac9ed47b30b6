"""Proposals: the objects that a method sees in a scene, and how they lie over the true ones."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussrep.data.scenes.point_cloud import IGNORED


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
