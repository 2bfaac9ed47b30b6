"""Patterns that mix two colors, and the places in an image at which they are evaluated."""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float32

Pattern = Literal["flat", "gradient", "stripes", "checks", "noise", "speckle"]
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)

NODES = 33
"""Nodes of the random lattice along a side: the finest grain is 1/30 of the image (design
choice)."""


@dataclass(frozen=True, slots=True)
class PixelCenters:
    """The centers of all pixels of a square image, which is the unit square.

    Args:
        size: Side of the image in pixels.
    """

    size: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.size, self.size

    def turned(self, angle: float) -> tuple[np.ndarray, np.ndarray]:
        """Compute coordinates along and across a direction, 0 in the middle of the image.

        Args:
            angle: Direction in radians.

        Returns:
            Two arrays [size, size], in image sides.
        """
        centers = (np.arange(self.size, dtype=np.float32) + 0.5) / self.size - 0.5
        x, y = centers * np.float32(cos(angle)), centers * np.float32(sin(angle))
        return x[None, :] + y[:, None], x[:, None] - y[None, :]

    def spline(self, lattice: np.ndarray) -> Float32[np.ndarray, "size size"]:
        """Evaluate a uniform cubic B-spline.

        Args:
            lattice: Its coefficients, [n, n]; the outermost are beyond the image's border.

        Returns:
            Its values.
        """
        rows = _pixel_weights(self.size, len(lattice))
        return rows @ lattice @ rows.T


@dataclass(frozen=True, slots=True)
class Points:
    """Any points, inside or outside of the unit square.

    Args:
        x: Coordinates to the right.
        y: Coordinates down.
    """

    x: Float32[np.ndarray, "*shape"]
    y: Float32[np.ndarray, "*shape"]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the arrays of points."""
        return self.x.shape

    def turned(self, angle: float) -> tuple[np.ndarray, np.ndarray]:
        """Compute coordinates along and across a direction, 0 in the middle of the image.

        Args:
            angle: Direction in radians.

        Returns:
            Two arrays of the points' shape, in image sides.
        """
        x, y, cosine, sine = (
            self.x - 0.5,
            self.y - 0.5,
            np.float32(cos(angle)),
            np.float32(sin(angle)),
        )
        return x * cosine + y * sine, y * cosine - x * sine

    def spline(self, lattice: np.ndarray) -> Float32[np.ndarray, "*shape"]:
        """Evaluate a uniform cubic B-spline, reflected at the border of the unit square.

        Args:
            lattice: Its coefficients, [n, n]; the outermost are beyond the square's border.

        Returns:
            Its values.
        """
        (columns, across), (rows, down) = (_taps(each, len(lattice)) for each in (self.x, self.y))
        values = np.zeros(self.shape, dtype=np.float32)
        for row, weight in zip(rows, down, strict=True):
            parts = (
                lattice[row, column] * part for column, part in zip(columns, across, strict=True)
            )
            values += weight * sum(parts)
        return values


Places = PixelCenters | Points


@dataclass(frozen=True, slots=True)
class Texture:
    """A pattern over the whole unit square, whatever the number of pixels it is drawn with.

    Args:
        pattern: Name of the pattern.
        angle: Direction in radians.
        cycles: Periods of stripes and checks along the side of the square.
        phase: Phase of the period in radians.
        sharpness: 1 for soft transitions; larger for sharper ones.
        lattice: Random values in [0, 1] that determine noise and speckle.
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
            places: Points at which to evaluate it.

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
        """Smooth noise whose amplitude falls with its frequency, as in photos."""
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


@lru_cache(maxsize=64)
def _pixel_weights(size: int, nodes: int) -> Float32[np.ndarray, "size nodes"]:
    """Weights of the coefficients of a uniform cubic B-spline at the centers of pixels."""
    places = (np.arange(size) + 0.5) / size * (nodes - 3)
    return _bspline(np.abs(places[:, None] + 1 - np.arange(nodes)))


def _bspline(away: np.ndarray) -> Float32[np.ndarray, "*shape"]:
    """Evaluate the uniform cubic B-spline at distances from its center, in nodes."""
    near = 2 / 3 - away**2 + away**3 / 2
    far = np.clip(2 - away, 0, None) ** 3 / 6
    return np.where(away < 1, near, far).astype(np.float32)


def _taps(places: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """The four coefficients that count at each place, reflected into [0, 1], and their weights."""
    at = (1 - np.abs(1 - places % 2)) * np.float32(nodes - 3)
    first = np.minimum(at.astype(np.intp), nodes - 4)
    taps = first + np.arange(4).reshape(4, *[1] * places.ndim)
    return taps, _bspline(np.abs(at + 1 - taps))
