"""Random scenes of the `shapes` data set, before they are rendered."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from gaussrep.data.shapes.colors import accents, draw_palette, oklab_to_srgb
from gaussrep.data.shapes.polygons import Outline, draw_outline
from gaussrep.data.shapes.textures import Texture, draw_texture

Point = Float64[np.ndarray, "2"]
Color = Float64[np.ndarray, "3"]

NEAR, FAR = 2.0, 6.0
"""Range of depths, in units of the image's side (design choice)."""
RADII = (0.14, 0.3)
"""Smallest and largest radius of a circle of an object's area, in image sides (design choice)."""
GRID = 4
"""Cells along a side of the grid over which objects are spread (design choice)."""
FRAME = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
"""Outline of the backdrop: the image border."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The backdrop or an object: a flat, textured piece of a plane.

    Positions are (x, y) in the unit square, x to the right and y down.

    Args:
        outline: Vertices, [n, 2].
        center: Point of the plane with the depth `depth`, and center of the shading, [2].
        reach: Distance of the farthest vertex from the center.
        depth: Depth at the center.
        slant: Gain in depth from the center to `reach` along x and along y, [2].
        color: sRGB, [3].
        accent: The texture's second color, sRGB, [3].
        texture: Pattern that mixes the two colors.
        light: Gain in brightness from the center to `reach` along x and along y, [2].
        falloff: Loss in brightness from the center to `reach`.
    """

    outline: Outline
    center: Point
    reach: float
    depth: float
    slant: Point
    color: Color
    accent: Color
    texture: Texture
    light: Point
    falloff: float


def draw_scene(objects: tuple[int, int], rng: np.random.Generator) -> list[Layer]:
    """Draw a scene.

    The range of depths is cut into one slab for each layer, and no layer leaves its slab, so that
    nearer layers are nearer everywhere.

    Args:
        objects: Fewest and most objects.
        rng: Source of randomness.

    Returns:
        Layers from the farthest, which is the backdrop, to the nearest.
    """
    count = int(rng.integers(objects[0], objects[1] + 1)) + 1
    outlines = [FRAME, *_outlines(count - 1, rng)]
    depths, slants = _planes(count, rng)
    palette = draw_palette(count, rng)
    colors, seconds = oklab_to_srgb(palette), oklab_to_srgb(accents(palette, rng))
    light = rng.uniform(0.1, 0.3) * _directions(1, rng)[0]
    falloffs = rng.uniform(0.0, 0.25, count).tolist()
    layers = []
    for number, outline in enumerate(outlines):
        center = outline.sum(axis=0) / len(outline)
        layers.append(
            Layer(
                outline=outline,
                center=center,
                reach=float(np.hypot(*(outline - center).T).max()),
                depth=depths[number],
                slant=slants[number],
                color=colors[number],
                accent=seconds[number],
                texture=draw_texture(rng),
                light=light,
                falloff=falloffs[number],
            )
        )
    return layers


def _planes(count: int, rng: np.random.Generator) -> tuple[list[float], np.ndarray]:
    """Draw depths and slants of planes, each in a separate depth range, farthest first."""
    steps = np.cumsum(rng.uniform(0.5, 1.5, count))
    near = FAR - (FAR - NEAR) * steps / steps[-1]
    far = np.concatenate([[FAR], near[:-1]])
    slopes = rng.uniform(0, 0.98, count) * (far - near) / 2
    return ((far + near) / 2).tolist(), slopes[:, None] * _directions(count, rng)


def _outlines(count: int, rng: np.random.Generator) -> list[Outline]:
    """Draw outlines in the unit square, centered in grid cells, which are used in turn."""
    cells = np.resize(rng.permutation(GRID**2), count)
    corners = np.stack([cells % GRID, cells // GRID], axis=1)
    centers = 0.1 + 0.8 * (corners + rng.random((count, 2))) / GRID
    radii = rng.uniform(*RADII, count)
    return [
        center + radius * draw_outline(rng) for center, radius in zip(centers, radii, strict=True)
    ]


def _directions(count: int, rng: np.random.Generator) -> Float64[np.ndarray, "count 2"]:
    angles = rng.uniform(0, 2 * np.pi, count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)
