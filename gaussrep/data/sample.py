"""SampleKey: the identity of a sample, and its random streams."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

Split = Literal["train", "val"]
"""The parts of a data set: for training and for validation."""


@dataclass(frozen=True, slots=True)
class SampleKey:
    """The index, epoch and seed of a sample; its augmentation must not depend on anything else.

    Equal keys give the same random streams on every machine, in every worker and after a resume.

    Attributes:
        index: Position in the data set, from 0.
        epoch: Pass over the data set, from 0.
        seed: Seed of the run, at least 0.
    """

    index: int
    epoch: int = 0
    seed: int = 0

    def rng(self) -> np.random.Generator:
        """Return a new NumPy generator seeded by the key alone.

        Returns:
            The generator; each call returns one in the same state.

        Examples:
            >>> SampleKey(3).rng().random() == SampleKey(3).rng().random()
            True
        """
        return np.random.default_rng(self._sequence())

    def generator(self) -> torch.Generator:
        """Return a new CPU torch generator seeded by the key alone.

        Returns:
            The generator; each call returns one in the same state.
        """
        word = self._sequence().generate_state(1, np.uint64)[0]
        return torch.Generator().manual_seed(int(word))

    def random_seed(self) -> int:
        """Compute a seed for the random numbers that a method draws for the sample.

        Returns:
            A number from 0 to 2**63 - 1.
        """
        sequence = np.random.SeedSequence(self.seed, spawn_key=(self.epoch, self.index, 1))
        return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))

    def _sequence(self) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.seed, spawn_key=(self.epoch, self.index))
