"""Random numbers of a fit as pure functions of seed, stream and step."""

from enum import IntEnum

import numpy as np
import torch


class RngStream(IntEnum):
    """Independent streams of random numbers."""

    INIT = 0
    ORDER = 1
    STEP = 2


def generator(
    seed: int, stream: RngStream, number: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Make a generator whose numbers are a pure function of the arguments.

    A checkpoint need not hold any state of it.

    Args:
        seed: The fit's seed.
        stream: What the numbers are for.
        number: Step or epoch.
        device: Device of the numbers.

    Returns:
        A new generator.
    """
    word = np.random.SeedSequence(seed, spawn_key=(stream, number)).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(word))


def views_of_step(step: int, *, batch_size: int, count: int, seed: int) -> list[int]:
    """Choose the views of a step: each is used once before any is used again.

    Args:
        step: Steps made before, from 0.
        batch_size: Views per step.
        count: Number of views.
        seed: The fit's seed.

    Returns:
        `batch_size` indices below `count`; a batch larger than `count` repeats some.

    Example:
        >>> sorted(views_of_step(0, batch_size=3, count=3, seed=0))
        [0, 1, 2]
    """
    places = [divmod(step * batch_size + i, count) for i in range(batch_size)]
    orders = {epoch: _order(epoch, count, seed) for epoch, _ in places}
    return [orders[epoch][place] for epoch, place in places]


def _order(epoch: int, count: int, seed: int) -> list[int]:
    return torch.randperm(count, generator=generator(seed, RngStream.ORDER, epoch)).tolist()
