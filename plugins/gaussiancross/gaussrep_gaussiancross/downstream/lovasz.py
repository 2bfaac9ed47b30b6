"""Lovász-Softmax (Berman, Triki, Blaschko, CVPR 2018): a loss that is the Jaccard index's own."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import one_hot


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
