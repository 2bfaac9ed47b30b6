"""Random numbers of each sample: the same in any batch, on any device, in any process."""

import torch
from jaxtyping import Float64, Int, Int64
from torch import Tensor

from gaussrep.methods.method import Batch

SAMPLE_SEED = "sample_seed"
"""Name of the seeds in a batch of the trainer, [B], int64."""


def sample_seeds(batch: Batch, samples: int, device: torch.device) -> Int64[Tensor, " b"]:
    """Return the seed of each sample of a batch.

    Args:
        batch: A batch; those of the trainer hold `sample_seed` [B], a function of the run's seed,
            the epoch and the index of the sample.
        samples: Number of samples, B.
        device: Device of the seeds.

    Returns:
        The seeds of the batch; if it has none, seeds drawn from torch's global generator.
    """
    seeds = batch.get(SAMPLE_SEED)
    if seeds is None:
        seeds = torch.randint(2**63 - 1, (samples,))
    return seeds.to(device)


def sample_uniform(seeds: Int[Tensor, "*a"], places: Int[Tensor, "*b"]) -> Float64[Tensor, "*c"]:
    """Compute random numbers, each a function of its seed and its place alone (SplitMix64).

    Args:
        seeds: Seeds of samples, int64.
        places: Index of the number among those of its sample, from 0, int64; the shapes are
            broadcast. Use different places for a second draw.

    Returns:
        Numbers in [0, 1).

    Examples:
        >>> numbers = sample_uniform(torch.tensor([[3], [4]]), torch.arange(5))
        >>> list(numbers.shape), bool((numbers >= 0).all() and (numbers < 1).all())
        ([2, 5], True)
    """
    mixed = seeds + (places + 1) * _GOLDEN
    mixed = (mixed ^ _shifted(mixed, 30)) * _FIRST
    mixed = (mixed ^ _shifted(mixed, 27)) * _SECOND
    return _shifted(mixed ^ _shifted(mixed, 31), 11).double() * 2.0**-53


def _signed(word: int) -> int:
    return word - 2**64 if word >= 2**63 else word


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_FIRST, _SECOND = _signed(0xBF58476D1CE4E5B9), _signed(0x94D049BB133111EB)


def _shifted(words: Int[Tensor, "*n"], bits: int) -> Int[Tensor, "*n"]:
    """Shift words right without sign extension."""
    return (words >> bits) & ((1 << (64 - bits)) - 1)
