"""`effective-rank`: in how many directions embeddings differ; a measure of collapse."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.building import build
from gaussrep.evaluation.config import EffectiveRankConfig
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import extract
from gaussrep.methods.method import Method


class EffectiveRank(Evaluation):
    """RankMe (Garrido et al. 2023, arXiv 2210.02885) of the validation split's embeddings.

    Args:
        config: Its settings.
    """

    config: EffectiveRankConfig

    def measure(self, method: Method) -> Scores:
        """Give `rank`, from 1 to the lower of the numbers of samples and of channels."""
        dataset = build("datasets", self.config.data, split="val")
        pooled = extract(method, dataset, self.config).pooled
        facts = {"samples": len(pooled), "width": pooled.shape[1]}
        return Scores({name_of(method): {"rank": effective_rank(pooled)}}, facts)


def effective_rank(embeddings: Float[Tensor, "n d"]) -> float:
    """Exponential of the entropy of the normalized singular values.

    They are not centerd, and the paper's small constant is left out.

    Args:
        embeddings: One row per sample.

    Returns:
        From 1, all rows in one direction, to min(n, d), none preferred; 0 where all rows are 0.

    Example:
        >>> round(effective_rank(torch.eye(5)), 4)
        5.0
    """
    values = torch.linalg.svdvals(embeddings.double())
    if not values.any():
        return 0.0
    return torch.special.entr(values / values.sum()).sum().exp().item()
