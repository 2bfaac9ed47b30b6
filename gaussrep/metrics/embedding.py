"""Metrics of embeddings."""

import torch
from jaxtyping import Float
from torch import Tensor


def effective_rank(
    features: Float[Tensor, "n d"], *, from_moments: bool = False
) -> Float[Tensor, ""]:
    """Compute the exponential of the entropy of the normalized singular values.

    This is RankMe (Garrido et al. 2023, arXiv 2210.02885) without its small constant; the features
    are not centered. A low value means that embeddings have collapsed.

    Args:
        features: One row per sample.
        from_moments: Take the singular values from the d x d matrix of second moments, which costs
            less if there are many rows, and rounds values below 1e-8 of the largest.

    Returns:
        A value from 1 (all rows parallel) to min(n, d) (no preferred direction); 0 if all features
        are 0. In float64, without a graph.

    Examples:
        >>> round(effective_rank(torch.eye(5)).item(), 4)
        5.0
    """
    rows = features.detach().double()
    if from_moments:
        values = torch.linalg.eigvalsh(rows.mT @ rows).clamp_min(0).sqrt()
    else:
        values = torch.linalg.svdvals(rows)
    total = values.sum()
    rank = torch.special.entr(values / total.clamp_min(1e-30)).sum().exp()
    return torch.where(total > 0, rank, 0.0)
