"""Closed outlines drawn at random: polygons around the origin that enclose the area of a circle."""

import numpy as np
from jaxtyping import Complex128, Float64

Outline = Float64[np.ndarray, "_ 2"]
"""Vertices (x, y) in order."""

SMOOTH = 64
"""Vertices of a smooth outline; at 512 pixels its chords leave the curve by about 0.2 pixels."""
TURN = np.arange(SMOOTH) * (2 * np.pi / SMOOTH)
CIRCLE = np.cos(TURN) + 1j * np.sin(TURN)
WAVES = np.arange(2, 6)


def draw_outline(rng: np.random.Generator) -> Outline:
    """Draw an ellipse, a rectangle, an irregular polygon, a star or a blob, turned at random.

    Args:
        rng: Source of randomness.

    Returns:
        Vertices (x, y) in order around the origin. The enclosed area is pi, that of a circle of
        radius 1.
    """
    kinds = (_ellipse, _rectangle, _polygon, _star, _blob)
    vertices = kinds[rng.integers(len(kinds))](rng)
    turn = np.exp(1j * rng.uniform(0, 2 * np.pi))
    vertices = vertices * (turn / np.sqrt(area(vertices) / np.pi))
    return vertices.view(np.float64).reshape(-1, 2)


def area(vertices: Complex128[np.ndarray, "vertices"]) -> float:
    """Area inside an outline that does not cross itself (the shoelace formula).

    Args:
        vertices: Points x + iy, in order.

    Example:
        >>> area(np.array([0, 2, 2 + 3j, 3j]))
        6.0
    """
    following = np.concatenate([vertices[1:], vertices[:1]])
    return float(abs(np.vdot(vertices, following).imag) / 2)


def _ellipse(rng: np.random.Generator) -> np.ndarray:
    return np.cos(TURN) + 1j * rng.uniform(0.45, 1.0) * np.sin(TURN)


def _rectangle(rng: np.random.Generator) -> np.ndarray:
    height = rng.uniform(0.35, 1.0)
    return np.array([-1, 1, 1, -1]) + 1j * height * np.array([-1, -1, 1, 1])


def _polygon(rng: np.random.Generator) -> np.ndarray:
    count = int(rng.integers(3, 8))
    steps = np.arange(count) + rng.uniform(-0.2, 0.2, count)
    return rng.uniform(0.75, 1.0, count) * np.exp(2j * np.pi / count * steps)


def _star(rng: np.random.Generator) -> np.ndarray:
    points = int(rng.integers(4, 8))
    radii = np.tile([1.0, rng.uniform(0.4, 0.65)], points)
    return radii * np.exp(1j * np.pi / points * np.arange(2 * points))


def _blob(rng: np.random.Generator) -> np.ndarray:
    """Waves of two to five periods around a circle; their phases and heights are random."""
    phases = rng.uniform(0, 2 * np.pi, len(WAVES))
    heights = rng.uniform(0.0, 0.42, len(WAVES)) / WAVES
    bumps = (CIRCLE[:, None] ** WAVES * np.exp(1j * phases)).real @ heights
    return np.exp(bumps) * CIRCLE
