"""Which views a step looks at, and what it draws its random numbers from."""

from enum import IntEnum

import numpy as np
import torch


class Stream(IntEnum):
    """Independent streams of random numbers."""

    START = 0
    ORDER = 1
    STEP = 2


def generator(
    seed: int, stream: Stream, number: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A fresh generator, so that what is drawn is a pure function of its arguments.

    Nothing of it need be kept in a checkpoint.

    Args:
        seed: The fit's seed.
        stream: What is drawn.
        number: For which step, or epoch.
        device: Where it draws.
    """
    word = np.random.SeedSequence(seed, spawn_key=(stream, number)).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(word))


def views_of_step(step: int, *, batch: int, count: int, seed: int) -> list[int]:
    """Numbers of the views of a step: all are seen once before any is seen again.

    Args:
        step: Steps made before, from 0.
        batch: Views per step.
        count: How many views there are.
        seed: The fit's seed.

    Returns:
        `batch` numbers below `count`; a batch of more views than there are holds some twice.

    Example:
        >>> sorted(views_of_step(0, batch=3, count=3, seed=0))
        [0, 1, 2]
    """
    places = [divmod(step * batch + i, count) for i in range(batch)]
    orders = {epoch: _order(epoch, count, seed) for epoch, _ in places}
    return [orders[epoch][place] for epoch, place in places]


def _order(epoch: int, count: int, seed: int) -> list[int]:
    return torch.randperm(count, generator=generator(seed, Stream.ORDER, epoch)).tolist()
