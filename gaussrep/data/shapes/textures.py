"""Patterns that mix two colors."""

from dataclasses import dataclass
from math import pi
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float32

from gaussrep.data.shapes.places import Places

Pattern = Literal["flat", "gradient", "stripes", "checks", "noise", "speckle"]
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)

NODES = 33
"""Nodes of the random lattice along a side: the finest grain is 1/30 of the image (design
choice)."""


@dataclass(frozen=True, slots=True)
class Texture:
    """A pattern over the whole unit square, whatever the number of pixels it is drawn with.

    Args:
        pattern: What it looks like.
        angle: Its direction in radians.
        cycles: Periods of stripes and checks along the side of the square.
        phase: Where a period begins, in radians.
        sharpness: 1 for soft transitions; larger for sharper ones.
        lattice: Random values in [0, 1] behind noise and speckle.
    """

    pattern: Pattern
    angle: float
    cycles: float
    phase: float
    sharpness: float
    lattice: Float32[np.ndarray, "nodes nodes"]

    def weights(self, places: Places) -> Float32[np.ndarray, "*shape"]:
        """Compute the weight of the second color.

        Args:
            places: Where.

        Returns:
            Weights in [0, 1].
        """
        if self.pattern == "flat":
            return np.zeros(places.shape, dtype=np.float32)
        if self.pattern == "noise":
            return self._noise(places)
        if self.pattern == "speckle":
            return np.clip(0.3 + 6 * (places.spline(self.lattice) - 0.5), 0, 1)
        along, across = places.turned(self.angle)
        if self.pattern == "gradient":
            return np.clip(0.5 + 0.7 * along, 0, 1)
        wave = np.sin(2 * np.pi * self.cycles * along + self.phase)
        if self.pattern == "checks":
            wave = wave * np.sin(2 * np.pi * self.cycles * across + self.phase)
        return 0.5 + 0.5 * np.clip(self.sharpness * wave, -1, 1)

    def _noise(self, places: Places) -> Float32[np.ndarray, "*shape"]:
        """Smooth noise whose amplitude falls with its frequency, as in photographs."""
        octaves = [places.spline(self.lattice[:nodes, -nodes:]) for nodes in (6, 10, 18)]
        total = sum(octave / 2**number for number, octave in enumerate(octaves)) / 1.75
        return np.clip(0.5 + 3 * (total - 0.5), 0, 1)


def draw_texture(rng: np.random.Generator) -> Texture:
    """Draw a random texture.

    Args:
        rng: Source of randomness.

    Returns:
        The texture.
    """
    pattern = PATTERNS[rng.integers(len(PATTERNS))]
    angle, cycles, phase, sharpness = rng.random(4).tolist()
    fewest, most = (3, 6) if pattern == "checks" else (4, 11)
    return Texture(
        pattern=pattern,
        angle=2 * pi * angle,
        cycles=fewest + (most - fewest) * cycles,
        phase=2 * pi * phase,
        sharpness=1 + 3 * sharpness,
        lattice=rng.random((NODES, NODES), dtype=np.float32),
    )
