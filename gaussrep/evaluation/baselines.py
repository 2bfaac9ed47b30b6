"""Baselines of embeddings: a random encoder, and chance."""

from collections.abc import Mapping
from types import MappingProxyType

from gaussrep.building import build
from gaussrep.evaluation.config import EvaluationConfig
from gaussrep.evaluation.evaluation import Scores
from gaussrep.methods.method import Method
from gaussrep.training import random_state

RANDOM = "random encoder"
CHANCE = "chance"
LEGEND: Mapping[str, str] = MappingProxyType(
    {
        RANDOM: "the same method with random weights, before any training",
        CHANCE: "always the most frequent class of the training split",
    }
)
"""Meaning of each row besides the method's own."""


def random_method(method: Method, config: EvaluationConfig) -> Method:
    """Build a method of the same settings with random weights.

    Args:
        method: The trained method, on the device to evaluate on.
        config: Settings of the evaluation, whose seed decides the weights.

    Returns:
        The untrained method on the same device, in evaluation mode.
    """
    with random_state.seeded(config.seed, stream=0):
        untrained: Method = build("methods", method.config)
    return untrained.to(method.device).eval()


def with_baselines(scores: Scores, untrained: Scores) -> Scores:
    """Add the rows of a random encoder and of chance.

    Args:
        scores: Scores of the trained method; `facts["chance"]` is the accuracy of chance.
        untrained: Scores of the method with random weights.

    Returns:
        All rows, with the facts of the trained method.
    """
    chance = {"top1": scores.facts["chance"]}
    return Scores({**scores.rows, RANDOM: untrained.own, CHANCE: chance}, scores.facts)
