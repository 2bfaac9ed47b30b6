"""Evaluation: what a trained method is worth, in numbers."""

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
        rows: Values by column, by row. The first row is the method that was measured, the others
            are what it is compared with, in the same harness.
        facts: What the numbers were measured on, as plain data: images, thresholds, the rule.
    """

    rows: Mapping[str, Mapping[str, float]]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def own(self) -> Mapping[str, float]:
        """The first row: what the method itself reached."""
        return next(iter(self.rows.values()))


class Evaluation(ABC):
    """Measures a method; registered with `register_evaluations`.

    Args:
        config: Its settings, kept as `config`; `config.data` is a data set's, no longer `auto`.
    """

    online: ClassVar[bool] = True
    """Whether it may run in the middle of a training run; one that trains on its own may not."""

    def __init__(self, config: EvaluationConfig) -> None:
        self.config = config

    @abstractmethod
    def measure(self, method: Method) -> Scores:
        """Measure a method.

        What is random draws from torch's global generator, which the caller seeds and restores.

        Args:
            method: In evaluation mode, on the device to measure on; must be left as it was.

        Returns:
            The scores.

        Raises:
            CapabilityError: The method cannot give what is measured.
            DataError: The data set has not what is needed, labels say.
        """


def name_of(method: Method) -> str:
    """What the row of a method is called: the name it is registered by, or its class."""
    return method.config.type or type(method).__name__
