"""The learning rate as a pure function of the step."""

import math


def warmup_cosine(step: int, *, steps: int, warmup: int, floor: float) -> float:
    """Give the factor on the learning rate: linear up to one, then half a cosine towards `floor`.

    Args:
        step: The step about to be made, from 0 to `steps - 1`.
        steps: Number of steps in all.
        warmup: Number of steps that rise, fewer than `steps`; the last of them has factor 1.
        floor: Factor that the cosine ends at, where a step after the last would be; in [0, 1].

    Returns:
        A factor in (0, 1].

    Example:
        >>> [round(warmup_cosine(step, steps=6, warmup=2, floor=0.0), 3) for step in range(6)]
        [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    if step < warmup:
        return (step + 1) / warmup
    fallen = (step - warmup) / (steps - warmup)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * fallen))
