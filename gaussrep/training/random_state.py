"""The global random states of one process: seeded, captured, restored."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import torch

from gaussrep.errors import RunError

RandomState = dict[str, Any]
"""Tensors and numbers only, so that it can be read back without unpickling anything else."""


def seed_all(seed: int, stream: int, *further: int) -> None:
    """Seed Python, NumPy and torch.

    Args:
        seed: The run's seed.
        stream: Number of one of the run's independent streams, from 0.
        *further: Which part of the stream, such as a step.
    """
    words = np.random.SeedSequence(seed, spawn_key=(stream, *further)).generate_state(3, np.uint64)
    random.seed(int(words[0]))
    np.random.seed(int(words[1]) % 2**32)  # noqa: NPY002 - other people's code draws from it
    _seed_torch(int(words[2]))


def _seed_torch(seed: int) -> None:
    """Seed torch's generators.

    If there is no accelerator, `torch.manual_seed` formats the stack three times, for the case
    that one is initialized later, which takes a tenth of the time of a small step.
    """
    if _has_accelerator():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


_has_accelerator = cache(torch.accelerator.is_available)


def capture() -> RandomState:
    """Copy the states of Python, NumPy, torch and the current CUDA device.

    Returns:
        The states, to `restore` later.
    """
    version, words, gauss = random.getstate()
    legacy = np.random.get_state(legacy=False)  # noqa: NPY002
    keys, position = legacy["state"]["key"], legacy["state"]["pos"]
    return {
        "python": (version, torch.tensor(words, dtype=torch.int64), gauss),
        "numpy": (
            torch.from_numpy(keys.astype(np.int64)),
            position,
            legacy["has_gauss"],
            legacy["gauss"],
        ),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def restore(state: RandomState) -> None:
    """Restore captured states and verify them.

    Args:
        state: Result of `capture`, in this process or another.

    Raises:
        RunError: A state reads back differently, so a resumed run would differ.
    """
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words.tolist()), gauss))
    keys, *rest = state["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    _check_restored(state, capture())


@contextmanager
def seeded(seed: int, stream: int) -> Iterator[None]:
    """Run a block on freshly seeded generators and restore the outer states.

    Args:
        seed: The run's seed.
        stream: Number of one of the run's independent streams, from 0.

    Yields:
        Nothing.
    """
    before = capture()
    seed_all(seed, stream)
    try:
        yield
    finally:
        restore(before)


def _check_restored(wanted: RandomState, found: RandomState) -> None:
    for name, state in wanted.items():
        both_have_it = state is not None and found[name] is not None
        if both_have_it and not _equal(state, found[name]):
            raise RunError(f"the random state of {name} could not be restored")


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, tuple):
        return all(map(_equal, first, second))
    return first == second
