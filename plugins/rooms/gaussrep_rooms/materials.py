"""Materials: two colors and a pattern that mixes them."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from gaussrep.data import oklab_to_srgb

Color = tuple[float, float, float]


class Pattern(IntEnum):
    """Patterns of materials; `texture.py` computes them."""

    PLAIN = 0
    WOOD = 1
    STRIPES = 2
    CHECKS = 3
    TILES = 4
    PLANKS = 5
    FABRIC = 6
    BOOKS = 7
    ART = 8
    VIEW = 9
    DOTS = 10
    MARBLE = 11


@dataclass(frozen=True, slots=True)
class Material:
    """Appearance of a primitive.

    Args:
        pattern: Pattern that mixes the colors.
        first: sRGB.
        second: sRGB.
        scale: Period of the pattern in meters.
        phase: Phase of the pattern; any number.
        glow: 0 for lit surfaces, 1 for emissive ones.
    """

    pattern: Pattern
    first: Color
    second: Color
    scale: float = 0.1
    phase: float = 0.0
    glow: float = 0.0


def oklab(lightness: float, chroma: float, hue: float) -> Color:
    """Convert a color from OKLab lightness, chroma and hue.

    Args:
        lightness: OKLab lightness.
        chroma: OKLab chroma.
        hue: Radians.

    Returns:
        sRGB.
    """
    lab = np.array([[lightness, chroma * np.cos(hue), chroma * np.sin(hue)]])
    red, green, blue = oklab_to_srgb(lab)[0].tolist()
    return red, green, blue


def plain(color: Color, *, glow: float = 0.0) -> Material:
    """Make a material of one color with faint stains.

    Args:
        color: sRGB.
        glow: 1 for emissive materials.

    Returns:
        The material.
    """
    dim = (0.93 * color[0], 0.93 * color[1], 0.93 * color[2])
    return Material(Pattern.PLAIN, color, dim, scale=0.25, glow=glow)


def draw_paint(rng: np.random.Generator) -> Material:
    """Light paint, as on walls."""
    color = oklab(rng.uniform(0.78, 0.95), rng.uniform(0.0, 0.06), rng.uniform(0, 2 * np.pi))
    return plain(color)


def draw_vivid(rng: np.random.Generator) -> Material:
    """Any strong color, as of toys and boxes."""
    color = oklab(rng.uniform(0.35, 0.8), rng.uniform(0.05, 0.16), rng.uniform(0, 2 * np.pi))
    return plain(color)


def draw_wood(rng: np.random.Generator) -> Material:
    """Wood from pale birch to dark walnut."""
    lightness, hue = rng.uniform(0.38, 0.8), rng.uniform(0.9, 1.35)
    chroma = rng.uniform(0.05, 0.095)
    return Material(
        Pattern.WOOD,
        oklab(lightness, chroma, hue),
        oklab(lightness - rng.uniform(0.08, 0.15), chroma, hue - 0.1),
        scale=rng.uniform(0.05, 0.12),
        phase=rng.uniform(0, 100),
    )


def draw_fabric(rng: np.random.Generator) -> Material:
    """Cloth: woven, striped, checked or dotted."""
    lightness, chroma, hue = rng.uniform(0.3, 0.85), rng.uniform(0, 0.12), rng.uniform(0, 6.28)
    step = rng.choice([-1, 1]) * rng.uniform(0.08, 0.16)
    patterns = (Pattern.FABRIC, Pattern.STRIPES, Pattern.CHECKS, Pattern.DOTS)
    pattern = patterns[rng.choice(4, p=[0.7, 0.12, 0.1, 0.08])]
    scale = rng.uniform(0.03, 0.05) if pattern == Pattern.FABRIC else rng.uniform(0.08, 0.2)
    first, second = oklab(lightness, chroma, hue), oklab(lightness + step, chroma, hue + 0.3)
    return Material(pattern, first, second, scale, rng.uniform(0, 100))


def draw_enamel(rng: np.random.Generator) -> Material:
    """White or nearly white, as of porcelain and kitchens."""
    return plain(oklab(rng.uniform(0.92, 0.98), rng.uniform(0, 0.015), rng.uniform(0.5, 3.0)))


def draw_metal(rng: np.random.Generator) -> Material:
    """Steel, chrome or blackened iron."""
    lightness = rng.choice([0.3, 0.65, 0.75]) + rng.uniform(-0.05, 0.05)
    return plain(oklab(lightness, 0.008, 4.5))


def draw_stone(rng: np.random.Generator) -> Material:
    """Veined stone, light or dark, as of worktops."""
    lightness = rng.choice([0.35, 0.6, 0.85]) + rng.uniform(-0.08, 0.08)
    hue = rng.uniform(0, 6.28)
    second = oklab(lightness + (0.2 if lightness < 0.5 else -0.2), 0.01, hue)
    first = oklab(lightness, 0.02, hue)
    return Material(Pattern.MARBLE, first, second, rng.uniform(0.2, 0.5), rng.uniform(0, 100))


def draw_tiles(rng: np.random.Generator) -> Material:
    """Glazed tiles with joints."""
    first = oklab(rng.uniform(0.6, 0.95), rng.uniform(0, 0.08), rng.uniform(0, 6.28))
    joint = oklab(rng.uniform(0.5, 0.8), 0.01, 1.0)
    return Material(Pattern.TILES, first, joint, rng.uniform(0.12, 0.4), rng.uniform(0, 100))


def draw_flooring(rng: np.random.Generator) -> Material:
    """Planks, carpet or linoleum in checks."""
    kind = rng.choice(3, p=[0.6, 0.25, 0.15])
    if kind == 0:
        wood = draw_wood(rng)
        return Material(Pattern.PLANKS, wood.first, wood.second, rng.uniform(0.09, 0.2), wood.phase)
    lightness, chroma, hue = rng.uniform(0.4, 0.8), rng.uniform(0.0, 0.05), rng.uniform(0, 6.28)
    first, second = oklab(lightness, chroma, hue), oklab(lightness - 0.12, chroma, hue)
    if kind == 1:
        return Material(Pattern.FABRIC, first, second, 0.06, rng.uniform(0, 100))
    return Material(Pattern.CHECKS, first, second, rng.uniform(0.3, 0.5), rng.uniform(0, 100))


def special(pattern: Pattern, rng: np.random.Generator, *, scale: float = 0.1) -> Material:
    """Make a material whose pattern defines its own colors: `ART`, `BOOKS` or `VIEW`.

    Args:
        pattern: The pattern.
        rng: Source of randomness; every draw looks different.
        scale: Width of a book in meters.

    Returns:
        The material.
    """
    frame = oklab(rng.uniform(0.5, 0.95), 0.02, 1.2)
    glow = 0.75 if pattern == Pattern.VIEW else 0.0
    return Material(pattern, frame, (0.12, 0.1, 0.09), scale, rng.uniform(0, 1000), glow)


@dataclass(frozen=True, slots=True)
class Style:
    """Materials that the furniture of one room shares, whatever its class.

    Desks have the wood of tables, and sofas and chairs the same cloth, so that only shape
    distinguishes them.

    Args:
        woods: Woods, and in some rooms white or colored lacquer.
        fabrics: Cloths.
        metal: Metal of legs and handles.
    """

    woods: tuple[Material, ...]
    fabrics: tuple[Material, ...]
    metal: Material

    def wood(self, rng: np.random.Generator) -> Material:
        """One of the woods."""
        return self.woods[rng.integers(len(self.woods))]

    def fabric(self, rng: np.random.Generator) -> Material:
        """One of the cloths."""
        return self.fabrics[rng.integers(len(self.fabrics))]


def draw_style(rng: np.random.Generator) -> Style:
    """Draw the style of a room.

    Args:
        rng: Source of randomness.

    Returns:
        The style.
    """
    lacquer = draw_enamel(rng) if rng.random() < 0.5 else draw_paint(rng)
    third = lacquer if rng.random() < 0.6 else draw_wood(rng)
    fabrics = tuple(draw_fabric(rng) for _ in range(3))
    return Style((draw_wood(rng), draw_wood(rng), third), fabrics, draw_metal(rng))
