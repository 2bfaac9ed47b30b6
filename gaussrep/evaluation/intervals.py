"""Differences between two rows of a table that were measured with the same seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
"""Confidence of the intervals that tables show."""


@dataclass(frozen=True)
class Interval:
    """A mean difference and its confidence interval.

    Args:
        mean: Mean of the differences.
        low: Lower end.
        high: Upper end.
    """

    mean: float
    low: float
    high: float


def paired_difference(
    first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE
) -> Interval:
    """Compute the mean difference of paired values and its interval by Student's t.

    Args:
        first: Values by seed.
        second: Values by the same seeds; at least two.
        confidence: Probability with which the interval covers the true mean, for differences from
            a normal distribution.

    Returns:
        Mean of first minus second, and its interval.

    Examples:
        >>> found = paired_difference([3.0, 5.0, 4.0], [1.0, 2.0, 3.0])
        >>> found.mean, round(found.low, 2), round(found.high, 2)
        (2.0, -0.48, 4.48)
    """
    differences = np.subtract(first, second)
    half = stats.t.ppf((1 + confidence) / 2, len(differences) - 1) * stats.sem(differences)
    mean = float(differences.mean())
    return Interval(mean, mean - float(half), mean + float(half))


def is_equivalent(first: Sequence[float], second: Sequence[float], margin: float) -> bool:
    """Test whether two rows are equal within a margin, at a level of 5 %.

    Two one-sided t-tests: both reject a difference beyond the margin where the 90 % interval of the
    paired difference is inside of it (Schuirmann 1987).

    Args:
        first: Values by seed.
        second: Values by the same seeds; at least two.
        margin: Largest difference that counts as equal, chosen before the measurement.

    Returns:
        Whether they are equivalent; if not, they may be equal or different.

    Examples:
        >>> is_equivalent([0.50, 0.51, 0.52], [0.51, 0.51, 0.51], margin=0.03)
        True
        >>> is_equivalent([0.50, 0.51, 0.52], [0.51, 0.51, 0.51], margin=0.01)
        False
    """
    found = paired_difference(first, second, confidence=0.9)
    return -margin < found.low and found.high < margin
