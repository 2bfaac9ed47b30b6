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
