"""Lighting: a lamp, ambient light and ambient occlusion."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from gaussrep.kernels import kernel
from gaussrep_rooms.primitives import BOX, FRUSTUM, PrimitiveArrays
from gaussrep_rooms.texture import albedo

CELL = 0.06
"""Side of the occupancy grid's cells, meters (design choice)."""
REACHES = (0.15, 0.48)
"""Half sides in meters of the cubes in which occluders are counted (design choice)."""
STRENGTHS = (0.75, 0.9)
"""Fraction of the light that a full cube blocks (design choice)."""
MARGIN = 1.2
"""Extent of the grid behind walls, floor and ceiling, meters."""

Rows = Float64[np.ndarray, "p 3"]


@dataclass(frozen=True, eq=False)
class AmbientOcclusion:
    """Occupancy around each cell of a room.

    Args:
        corner: Lowest corner of the cells, meters.
        filled: For each reach, the occupied fraction of the cube around each cell.
    """

    corner: Float64[np.ndarray, "3"]
    filled: tuple[Float64[np.ndarray, "x y z"], ...]

    def at(self, points: Rows, normals: Rows) -> Float64[np.ndarray, " p"]:
        """Compute the fraction of ambient light that reaches surface points.

        Args:
            points: Positions on surfaces, meters.
            normals: Unit normals.

        Returns:
            Values in [0, 1].
        """
        left = np.ones(len(points))
        for reach, strength, filled in zip(REACHES, STRENGTHS, self.filled, strict=True):
            _take(points, normals, self.corner, reach + CELL, strength, filled, left)
        return left


def compute_ambient_occlusion(
    primitives: PrimitiveArrays, size: Float64[np.ndarray, "3"]
) -> AmbientOcclusion:
    """Compute the occupancy of a room's cells.

    Args:
        primitives: Occluders.
        size: Extent of the room from (0, 0, 0), meters.

    Returns:
        The occupancy at all reaches.
    """
    corner = np.full(3, -MARGIN)
    counts = np.ceil((size + 2 * MARGIN) / CELL).astype(int)
    solid = _solid(primitives, corner, counts, size)
    return AmbientOcclusion(
        corner, tuple(_blurred(solid, round(reach / CELL)) for reach in REACHES)
    )


def _solid(
    primitives: PrimitiveArrays, corner: np.ndarray, counts: np.ndarray, size: np.ndarray
) -> Float64[np.ndarray, "x y z"]:
    """Compute the occupancy of each cell; all cells outside the room are occupied."""
    solid = np.ones(counts)
    first, last = np.round(-corner / CELL).astype(int), np.round((size - corner) / CELL).astype(int)
    solid[first[0] : last[0], first[1] : last[1], first[2] : last[2]] = 0
    reaches = np.abs(primitives.from_unit).sum(axis=2)
    _fill(
        primitives.kinds,
        primitives.centers,
        primitives.to_unit,
        primitives.half,
        reaches,
        corner,
        solid,
    )
    return solid


@kernel
def _fill(kinds, centers, to_unit, half, reaches, corner, solid) -> None:
    q = np.empty(3)
    low, high = np.empty(3, dtype=np.int64), np.empty(3, dtype=np.int64)
    for n in range(len(kinds)):
        grown = 1 + CELL / 2 / half[n]
        thin = 1.0
        for k in range(3):
            thin *= min(1.0, 2 * half[n, k] / CELL)
            start = (centers[n, k] - reaches[n, k] - corner[k]) / CELL - 1
            stop = (centers[n, k] + reaches[n, k] - corner[k]) / CELL + 1
            low[k] = max(0, int(start))
            high[k] = min(solid.shape[k], int(stop) + 1)
        for x in range(low[0], high[0]):
            for y in range(low[1], high[1]):
                for z in range(low[2], high[2]):
                    a = corner[0] + (x + 0.5) * CELL - centers[n, 0]
                    b = corner[1] + (y + 0.5) * CELL - centers[n, 1]
                    c = corner[2] + (z + 0.5) * CELL - centers[n, 2]
                    for k in range(3):
                        m = to_unit[n, k]
                        q[k] = abs(m[0] * a + m[1] * b + m[2] * c) / grown[k]
                    if kinds[n] == BOX:
                        inside = max(q[0], q[1], q[2]) <= 1
                    elif kinds[n] == FRUSTUM:
                        inside = q[0] ** 2 + q[1] ** 2 <= 1 and q[2] <= 1
                    else:  # BALL, and BOWL as a whole ball
                        inside = q[0] ** 2 + q[1] ** 2 + q[2] ** 2 <= 1
                    if inside:
                        solid[x, y, z] = max(solid[x, y, z], thin)


def _blurred(solid: Float64[np.ndarray, "x y z"], reach: int) -> Float64[np.ndarray, "x y z"]:
    """Compute means over cubes of `2 reach + 1` cells; the border is repeated."""
    for axis in range(3):
        pads = [(reach + 1, reach) if k == axis else (0, 0) for k in range(3)]
        sums = np.cumsum(np.pad(solid, pads, mode="edge"), axis=axis)
        length = sums.shape[axis]
        window = 2 * reach + 1
        upper = np.take(sums, range(window, length), axis=axis)
        solid = (upper - np.take(sums, range(length - window), axis=axis)) / window
    return solid


@kernel
def _take(points, normals, corner, reach, strength, values, left) -> None:
    """Attenuate light by the interpolated occupancy; beyond the border it is constant."""
    for i in range(len(points)):
        x = (points[i, 0] + normals[i, 0] * reach - corner[0]) / CELL - 0.5
        y = (points[i, 1] + normals[i, 1] * reach - corner[1]) / CELL - 0.5
        z = (points[i, 2] + normals[i, 2] * reach - corner[2]) / CELL - 0.5
        x = min(max(x, 0.0), values.shape[0] - 1.001)
        y = min(max(y, 0.0), values.shape[1] - 1.001)
        z = min(max(z, 0.0), values.shape[2] - 1.001)
        a, b, c = int(x), int(y), int(z)
        total = 0.0
        for which in range(8):
            p, q, r = which & 1, (which >> 1) & 1, which >> 2
            weight = (x - a if p else 1 - x + a) * (y - b if q else 1 - y + b)
            total += weight * (z - c if r else 1 - z + c) * values[a + p, b + q, c + r]
        left[i] *= 1 - strength * total


FALL = 12.0
"""Squared distance at which the lamp has lost half its power, square meters (design choice)."""


@dataclass(frozen=True, eq=False)
class Light:
    """Lighting of a room. Surfaces are diffuse: their color is the same from every viewpoint.

    Args:
        lamp: Position, meters.
        sky: Direction to the brighter side, unit vector.
        powers: Power of the lamp, of the brighter side, and of the ambient light.
        tint: Color of the light.
        occlusion: Ambient occlusion.
    """

    lamp: Float64[np.ndarray, "3"]
    sky: Float64[np.ndarray, "3"]
    powers: Float64[np.ndarray, "3"]
    tint: Float64[np.ndarray, "3"]
    occlusion: AmbientOcclusion

    def shade(
        self,
        points: Rows,
        normals: Rows,
        which: Int64[np.ndarray, " p"],
        primitives: PrimitiveArrays,
    ) -> Rows:
        """Shade surface points.

        Args:
            points: Positions, meters.
            normals: Unit normals.
            which: Index of each point's primitive.
            primitives: All primitives.

        Returns:
            sRGB in [0, 1].
        """
        colors = albedo(points, normals, which, primitives)
        left = self.occlusion.at(points, normals)
        glow = primitives.looks[:, 2]
        _lit(
            points, normals, which, glow, self.lamp, self.sky, self.powers, self.tint, left, colors
        )
        return colors


def draw_light(
    primitives: PrimitiveArrays, size: Float64[np.ndarray, "3"], rng: np.random.Generator
) -> Light:
    """Draw the lighting of a room and compute its ambient occlusion.

    Args:
        primitives: Occluders.
        size: Extent of the room from (0, 0, 0), meters.
        rng: Source of randomness.

    Returns:
        The lighting.
    """
    turn, warm = rng.uniform(0, 2 * np.pi), rng.uniform(-0.05, 0.08)
    return Light(
        lamp=size * [rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.65), 0.92],
        sky=np.array([0.8 * np.cos(turn), 0.8 * np.sin(turn), 0.6]),
        powers=np.array([0.55, 0.45, 0.42]) * rng.uniform(0.9, 1.1, 3),
        tint=np.array([1 + warm, 1.0, 1 - warm]),
        occlusion=compute_ambient_occlusion(primitives, size),
    )


@kernel
def _lit(points, normals, which, glow, lamp, sky, powers, tint, left, colors) -> None:
    """Light colors in place; light adds up in squared colors, which is nearly linear light."""
    for i in range(len(points)):
        square = facing = upward = 0.0
        for k in range(3):
            to_lamp = lamp[k] - points[i, k]
            square += to_lamp * to_lamp
            facing += normals[i, k] * to_lamp
            upward += normals[i, k] * sky[k]
        near = max(0.0, facing / np.sqrt(square)) / (1 + square / FALL)
        brightness = powers[0] * near + powers[1] * (0.5 + 0.5 * upward) ** 2 + powers[2]
        for k in range(3):
            lit = glow[which[i]] + (1 - glow[which[i]]) * brightness * left[i] * tint[k]
            color = min(max(colors[i, k], 0.0), 1.0)
            colors[i, k] = np.sqrt(min(color * color * lit, 1.0))
