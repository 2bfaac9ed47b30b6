"""What a segmentation costs."""

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from gaussrep.data.scenes.point_cloud import IGNORED
from gaussrep_gaussiancross.downstream.lovasz import lovasz_softmax


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
