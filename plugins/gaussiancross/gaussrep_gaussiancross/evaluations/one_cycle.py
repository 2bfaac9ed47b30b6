"""The learning rate of a linear probe."""

import math

WARMUP = 0.05
"""Share of the steps over which the rate rises (released configurations)."""
START = 1 / 10
"""Factor at the first step (released configurations)."""
END = START / 1000
"""Factor at the last step (released configurations)."""


def one_cycle(step: int, steps: int) -> float:
    """Give the factor on the learning rate: half a cosine up, then half a cosine down.

    Args:
        step: The step about to be made, from 0 to `steps - 1`.
        steps: Number of steps in all.

    Returns:
        A factor in (0, 1].

    Example:
        >>> [round(one_cycle(step, 61), 4) for step in (0, 1, 3, 60)]
        [0.1, 0.325, 1.0, 0.0001]
    """
    top = int(WARMUP * steps)
    if step < top:
        return _between(START, 1.0, step / top)
    return _between(1.0, END, (step - top) / max(1, steps - 1 - top))


def _between(first: float, last: float, share: float) -> float:
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * share))
