"""A measure of collapse, cheap enough for every step."""

import torch
from jaxtyping import Float
from torch import Tensor


def effective_rank(features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Exponential of the entropy of the normalized singular values (RankMe, arXiv 2210.02885).

    The singular values come from the d x d matrix of second moments, so that the number of rows
    costs little.

    Args:
        features: One row per voxel.

    Returns:
        From 1, all rows in one direction, to d, none preferred.
    """
    rows = features.detach().double()
    values = torch.linalg.eigvalsh(rows.mT @ rows).clamp_min(0).sqrt()
    return torch.special.entr(values / values.sum().clamp_min(1e-30)).sum().exp()
