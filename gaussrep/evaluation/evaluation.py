"""The interface of evaluations, and their scores."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gaussrep.evaluation.config import EvaluationConfig
from gaussrep.methods.method import Method


@dataclass(frozen=True, slots=True)
class Scores:
    """A table of numbers.

    Attributes:
        rows: Values by column, by row. The first row is the evaluated method; the others are
            baselines in the same harness.
        facts: Conditions of the measurement as plain data, such as the number of samples and
            thresholds.
    """

    rows: Mapping[str, Mapping[str, float]]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def own(self) -> Mapping[str, float]:
        """The first row: the scores of the method itself."""
        return next(iter(self.rows.values()))


class Evaluation(ABC):
    """Scores a method; registered with `register_evaluations`.

    Args:
        config: Its settings, kept as `config`; `config.data` is resolved, never `auto`.
    """

    online: ClassVar[bool] = True
    """Whether it may run during training; an evaluation that trains a model may not."""

    def __init__(self, config: EvaluationConfig) -> None:
        self.config = config

    @abstractmethod
    def measure(self, method: Method) -> Scores:
        """Evaluate a method.

        Random numbers come from torch's global generator, which the caller seeds and restores.

        Args:
            method: In evaluation mode, on the device to evaluate on; it must not be changed.

        Returns:
            The scores.

        Raises:
            CapabilityError: The method lacks an output that is scored.
            DataError: The data set lacks something, such as labels.
        """
