"""Light: a lamp, light from all around, and the dark of corners."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from gaussrep.kernels.jit import kernel
from gaussrep_rooms.openness import Openness, measure_openness
from gaussrep_rooms.packed import Packed
from gaussrep_rooms.texture import albedo

FALL = 12.0
"""Square of the distance at which the lamp has lost half of its power, square meters (ours)."""

Rows = Float64[np.ndarray, "p 3"]


@dataclass(frozen=True, eq=False)
class Light:
    """Light in a room. Surfaces are matt: they have the same color for whoever looks.

    Args:
        lamp: Position, meters.
        sky: Direction to the brighter side, unit.
        powers: Of the lamp, of the brighter side, and of the light from all around.
        tint: Color of the light.
        openness: What keeps the light away.
    """

    lamp: Float64[np.ndarray, "3"]
    sky: Float64[np.ndarray, "3"]
    powers: Float64[np.ndarray, "3"]
    tint: Float64[np.ndarray, "3"]
    openness: Openness

    def shade(
        self, points: Rows, normals: Rows, which: Int64[np.ndarray, " p"], parts: Packed
    ) -> Rows:
        """Colors of points on surfaces.

        Args:
            points: Positions, meters.
            normals: Unit normals.
            which: The part of each.
            parts: The parts.

        Returns:
            sRGB in [0, 1].
        """
        colors = albedo(points, normals, which, parts)
        left = self.openness.at(points, normals)
        glow = parts.looks[:, 2]
        _lit(
            points, normals, which, glow, self.lamp, self.sky, self.powers, self.tint, left, colors
        )
        return colors


def draw_light(parts: Packed, size: Float64[np.ndarray, "3"], rng: np.random.Generator) -> Light:
    """Hang a lamp into a room and find its dark corners.

    Args:
        parts: What takes light.
        size: The room's extent from (0, 0, 0), meters.
        rng: Source of randomness.
    """
    turn, warm = rng.uniform(0, 2 * np.pi), rng.uniform(-0.05, 0.08)
    return Light(
        lamp=size * [rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.65), 0.92],
        sky=np.array([0.8 * np.cos(turn), 0.8 * np.sin(turn), 0.6]),
        powers=np.array([0.55, 0.45, 0.42]) * rng.uniform(0.9, 1.1, 3),
        tint=np.array([1 + warm, 1.0, 1 - warm]),
        openness=measure_openness(parts, size),
    )


@kernel
def _lit(points, normals, which, glow, lamp, sky, powers, tint, left, colors) -> None:
    """Light colors; light adds up where they are squared, which is nearly linear light."""
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
