"""The `knn` evaluation: nearest-neighbor classification of frozen embeddings."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from gaussrep.evaluation.config import KNNConfig
from gaussrep.evaluation.evaluation import Evaluation, Scores
from gaussrep.evaluation.features import Features, labeled_features
from gaussrep.methods.method import Method

SIMILARITIES = 2**24
"""Largest number of similarities in memory at a time, 64 MiB."""


class KNN(Evaluation):
    """Weighted nearest-neighbor classification of frozen, pooled embeddings.

    The predicted class of a validation image has the largest sum of weights among its `k` nearest
    training images by cosine; each votes with weight exp(cosine / temperature), as in Wu et al.
    2018 (arXiv 1805.01978, section 3.4) and DINO. Training images are not augmented. Nothing is
    trained.

    Args:
        config: Its settings.
    """

    config: KNNConfig

    def measure(self, method: Method) -> Scores:
        """Compute `top1`, the fraction of validation images whose class is predicted.

        Args:
            method: One that embeds.

        Returns:
            One row.

        Raises:
            DataError: The data set has no classes.
            CapabilityError: The method does not embed.
        """
        features = labeled_features(method, self.config)
        predictions = vote(
            features.train,
            features.val.pooled,
            classes=features.classes,
            k=self.config.k,
            temperature=self.config.temperature,
        )
        top1 = (predictions == features.val.labels).float().mean().item()
        facts = {"k": min(self.config.k, len(features.train.labels)), **features.facts}
        return Scores({method.name: {"top1": top1}}, facts)


def vote(
    bank: Features,
    queries: Float[Tensor, "n d"],
    *,
    classes: int,
    k: int,
    temperature: float,
) -> Int[Tensor, " n"]:
    """Classify queries by a weighted vote of their nearest neighbors.

    Args:
        bank: Embeddings whose classes are known.
        queries: Embeddings to classify.
        classes: Number of classes.
        k: Number of neighbors that vote; all if there are fewer.
        temperature: A neighbor at cosine s votes with weight exp(s / temperature).

    Returns:
        The class of each query.
    """
    known = functional.normalize(bank.pooled, dim=-1)
    chunk = max(1, SIMILARITIES // len(known))
    predictions = []
    for part in functional.normalize(queries, dim=-1).split(chunk):
        cosines, nearest = (part @ known.T).topk(min(k, len(known)))
        weights = (cosines / temperature).exp()
        votes = torch.zeros(len(part), classes, device=part.device)
        predictions.append(votes.scatter_add(1, bank.labels[nearest], weights).argmax(dim=1))
    return torch.cat(predictions)
