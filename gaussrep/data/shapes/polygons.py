"""Random polygons and their rasterization."""

import numpy as np
from jaxtyping import Bool, Complex128, Float64

Outline = Float64[np.ndarray, "_ 2"]
"""Vertices (x, y) in order."""

SMOOTH = 64
"""Vertices of a smooth outline; at 512 pixels its chords leave the curve by about 0.2 pixels."""
TURN = np.arange(SMOOTH) * (2 * np.pi / SMOOTH)
CIRCLE = np.cos(TURN) + 1j * np.sin(TURN)
WAVES = np.arange(2, 6)


def draw_outline(rng: np.random.Generator) -> Outline:
    """Draw an ellipse, a rectangle, an irregular polygon, a star or a blob, rotated at random.

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
    """Compute the area inside an outline that does not cross itself (the shoelace formula).

    Args:
        vertices: Points x + iy, in order.

    Returns:
        The area.

    Examples:
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


def rasterize_polygons(
    outlines: list[Outline], size: int
) -> Bool[np.ndarray, "outlines size size"]:
    """Rasterize polygons on a grid of `size` x `size` cells of the unit square (even-odd rule).

    Every crossing of a row with an outline toggles all cells to its right between outside and
    inside. Nothing is rounded to cells: the result is that of a point test at each cell's center.

    Args:
        outlines: At least one; vertices (x, y) in order in [0, 1], x to the right, y down.
        size: Cells along a side, at most 32,766.

    Returns:
        A mask for each outline, rows from the top, columns from the left.
    """
    inside = np.zeros((len(outlines), size, size), dtype=bool)
    columns = np.arange(size, dtype=np.int16)
    for number, crossings in enumerate(_crossings(outlines, size)):
        for firsts in crossings:
            rows = np.flatnonzero(firsts <= size)
            if len(rows) == 0:
                break
            some = slice(rows[0], rows[-1] + 1)
            inside[number, some] ^= columns >= firsts[some, None]
    return inside


def _crossings(outlines: list[Outline], size: int) -> np.ndarray:
    """First columns right of the crossings, [outlines, most of a row, rows].

    A row with fewer crossings is filled up with `size + 1`.
    """
    (x, y), (to_x, to_y), owners = _edges(outlines)
    heights = (np.arange(size)[:, None] + 0.5) / size
    row, edge = np.nonzero((y <= heights) != (to_y <= heights))
    slope = (to_x - x)[edge] / (to_y - y)[edge]
    crossing = x[edge] + slope * (heights[row, 0] - y[edge])
    group = row * len(outlines) + owners[edge]  # sorted, as both of its parts are
    counts = np.bincount(group, minlength=size * len(outlines))
    rank = np.arange(len(group)) - (np.cumsum(counts) - counts)[group]
    table = np.full((len(outlines), counts.max(initial=0), size), size + 1, dtype=np.int16)
    table[owners[edge], rank, row] = np.clip(np.ceil(crossing * size - 0.5), 0, size)
    return table


def _edges(outlines: list[Outline]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where all edges begin and end, [2, edges] each, and which outline each belongs to."""
    counts = np.array([len(outline) for outline in outlines])
    lasts = np.cumsum(counts) - 1
    following = np.arange(1, counts.sum() + 1)
    following[lasts] = lasts - counts + 1
    starts = np.concatenate(outlines)
    return starts.T, starts[following].T, np.repeat(np.arange(len(outlines)), counts)
