"""Scenes of the `shapes` data set: what is there, before it is drawn with pixels."""

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from jaxtyping import Float64

from gaussrep.data.shapes.colours import accents, draw_palette, to_srgb
from gaussrep.data.shapes.outlines import Outline, draw_outline
from gaussrep.data.shapes.textures import Texture, draw_texture

Point = Float64[np.ndarray, "2"]
Colour = Float64[np.ndarray, "3"]

NEAR, FAR = 2.0, 6.0
"""Range of depths, in units of the picture's side (ours)."""
RADII = (0.14, 0.3)
"""Smallest and largest radius of a circle of an object's area, in sides of the picture (ours)."""
FRAME = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
"""Outline of the backdrop: the picture."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The backdrop or an object: a flat, textured piece of a plane.

    Positions are (x, y) in the unit square, x to the right and y down.

    Args:
        outline: Vertices, [n, 2].
        centre: Where the plane has the depth `depth`, and the middle of the shading, [2].
        reach: Distance of the farthest vertex from the centre.
        depth: Depth at the centre.
        slant: Gain in depth from the centre to `reach` along x and along y, [2].
        colour: sRGB, [3].
        accent: The texture's second colour, sRGB, [3].
        texture: How the two colours mix.
        light: Gain in brightness from the centre to `reach` along x and along y, [2].
        dome: Loss in brightness from the centre to `reach`.
    """

    outline: Outline
    centre: Point
    reach: float
    depth: float
    slant: Point
    colour: Colour
    accent: Colour
    texture: Texture
    light: Point
    dome: float


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
    count = int(rng.integers(objects[0], objects[1] + 1))
    outlines = [FRAME, *_outlines(count, rng)]
    bounds = _bounds(count + 1, rng)
    palette = draw_palette(count + 1, rng)
    colours = np.stack([to_srgb(palette), to_srgb(accents(palette, rng))], axis=1)
    light = rng.uniform(0.1, 0.3) * _direction(rng)
    return [
        _layer(outline, bounds[number : number + 2], colours[number], light, rng)
        for number, outline in enumerate(outlines)
    ]


def _layer(
    outline: Outline,
    slab: list[float],
    colours: np.ndarray,
    light: np.ndarray,
    rng: np.random.Generator,
) -> Layer:
    far, near = slab
    centre = outline.mean(axis=0)
    return Layer(
        outline=outline,
        centre=centre,
        reach=float(np.hypot(*(outline - centre).T).max()),
        depth=(far + near) / 2,
        slant=rng.uniform(0, 0.98) * (far - near) / 2 * _direction(rng),
        colour=colours[0],
        accent=colours[1],
        texture=draw_texture(rng),
        light=light,
        dome=rng.uniform(0.0, 0.25),
    )


def _direction(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * pi)
    return np.array([cos(angle), sin(angle)])


def _bounds(count: int, rng: np.random.Generator) -> list[float]:
    """Depths at which one layer's slab ends and the next begins, from the farthest."""
    shares = np.cumsum(rng.uniform(0.5, 1.5, count))
    return [FAR, *(FAR - (FAR - NEAR) * shares / shares[-1])]


def _outlines(count: int, rng: np.random.Generator) -> list[Outline]:
    """Outlines in the unit square, spread over it."""
    centres = rng.uniform(0.1, 0.9, (1, 2))
    outlines = []
    for number in range(count):
        if number:
            trials = rng.uniform(0.1, 0.9, (3, 2))
            apart = ((trials[:, None] - centres) ** 2).sum(axis=-1).min(axis=1)
            centres = np.concatenate([centres, trials[apart.argmax()][None]])
        outlines.append(centres[-1] + rng.uniform(*RADII) * draw_outline(rng))
    return outlines
