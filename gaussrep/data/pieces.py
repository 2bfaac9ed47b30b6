"""Pieces: parts of files that are read at once, and an order that reads each of them once."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64


@dataclass(frozen=True, eq=False)
class Pieces:
    """Consecutive samples that are read together, such as a shard or a row group.

    Attributes:
        samples: Samples of the split in each piece, in the order of their indices.
        read: Samples in each piece, those of other splits included.
        buffer: Number of samples, those of other splits included, that are at least shuffled
            together.
    """

    samples: Int64[np.ndarray, " pieces"]
    read: Int64[np.ndarray, " pieces"]
    buffer: int

    def shuffle(self, rng: np.random.Generator) -> Int64[np.ndarray, " n"]:
        """Shuffle the pieces, and then the samples of each few consecutive ones.

        Args:
            rng: Source of randomness.

        Returns:
            All indices, each once.
        """
        pieces = rng.permutation(len(self.samples))
        ends = np.cumsum(self.samples)
        parts = np.split(np.arange(ends[-1]), ends[:-1])
        order = np.concatenate([parts[piece] for piece in pieces])
        start = end = filled = 0
        for piece in pieces:
            end += int(self.samples[piece])
            filled += int(self.read[piece])
            if filled >= self.buffer:
                rng.shuffle(order[start:end])
                start, filled = end, 0
        rng.shuffle(order[start:])
        return order
