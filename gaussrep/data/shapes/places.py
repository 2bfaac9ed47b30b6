"""Places in an image at which a texture is evaluated."""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, sin

import numpy as np
from jaxtyping import Float32


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
