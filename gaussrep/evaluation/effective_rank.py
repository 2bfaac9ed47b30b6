"""The `effective-rank` evaluation: a measure of collapsed embeddings."""

from gaussrep.building import build
from gaussrep.evaluation.config import EffectiveRankConfig
from gaussrep.evaluation.evaluation import Evaluation, Scores
from gaussrep.evaluation.features import extract
from gaussrep.methods.method import Method
from gaussrep.metrics import effective_rank


class EffectiveRank(Evaluation):
    """RankMe (Garrido et al. 2023, arXiv 2210.02885) of the validation split's embeddings.

    Args:
        config: Its settings.
    """

    config: EffectiveRankConfig

    def measure(self, method: Method) -> Scores:
        """Compute `rank`, from 1 to the lower of the numbers of samples and of channels.

        Args:
            method: One that embeds.

        Returns:
            One row.

        Raises:
            CapabilityError: The method does not embed.
        """
        dataset = build("datasets", self.config.data, split="val")
        pooled = extract(method, dataset, self.config).pooled
        facts = {"samples": len(pooled), "width": pooled.shape[1]}
        return Scores({method.name: {"rank": effective_rank(pooled).item()}}, facts)
