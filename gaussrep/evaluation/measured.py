"""One evaluation of one method, with nothing left behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from gaussrep.building import build
from gaussrep.evaluation.config import EvaluationConfig
from gaussrep.evaluation.evaluation import Scores
from gaussrep.methods.method import Method
from gaussrep.training import random_state


def measured(config: EvaluationConfig, method: Method) -> Scores:
    """Measure a method in evaluation mode, on freshly seeded random generators.

    The mode of the method and the random states are left as they were.

    Args:
        config: Settings of a registered evaluation, complete.
        method: On the device to measure on.

    Returns:
        The scores.

    Raises:
        GaussrepError: What the evaluation raises.
    """
    evaluation = build("evaluations", config)
    with _evaluating(method), random_state.seeded(config.seed, stream=0):
        return evaluation.measure(method)


@contextmanager
def _evaluating(method: Method) -> Iterator[None]:
    training = {name: module.training for name, module in method.named_modules()}
    method.eval()
    try:
        yield
    finally:
        for name, module in method.named_modules():
            module.training = training[name]
