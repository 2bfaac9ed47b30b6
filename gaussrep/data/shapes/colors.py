"""Distinguishable random colors, drawn in OKLab."""

import numpy as np
from jaxtyping import Float64

Colors = Float64[np.ndarray, "colors 3"]

TRIALS = 12
"""Candidates per selected color (design choice)."""

# Both matrices are those of OKLab's definition (B. Ottosson, "A perceptual color space for image
# processing", 2020): Lab to cone responses, whose cubes become linear sRGB.
CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def draw_palette(count: int, rng: np.random.Generator) -> Colors:
    """Draw colors sequentially, each far from all previous ones.

    Args:
        count: Number of colors.
        rng: Source of randomness.

    Returns:
        OKLab values: lightness in [0.25, 0.92], chroma at most 0.16.
    """
    trials = rng.uniform([0.25, 0.0, 0.0], [0.92, 1.0, 2 * np.pi], (count, TRIALS, 3))
    lightness, chroma, hue = trials[..., 0], 0.16 * trials[..., 1], trials[..., 2]
    candidates = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
    palette = candidates[:, 0].copy()
    nearest = np.full((count, TRIALS), np.inf)
    for number in range(1, count):
        distances = ((candidates[number:] - palette[number - 1]) ** 2).sum(axis=-1)
        nearest = np.minimum(nearest[-len(distances) :], distances)
        palette[number] = candidates[number, nearest[0].argmax()]
    return palette


def accents(palette: Colors, rng: np.random.Generator) -> Colors:
    """Draw a second color for each: lighter or darker, and a little off in hue.

    Args:
        palette: OKLab values.
        rng: Source of randomness.

    Returns:
        OKLab values.
    """
    towards_middle = np.where(palette[:, 0] > 0.6, -1.0, 1.0)
    step = rng.uniform(0.1, 0.28, len(palette)) * towards_middle
    tint = rng.uniform(-0.04, 0.04, (len(palette), 2))
    return palette + np.column_stack([step, tint])


def oklab_to_srgb(colors: Colors) -> Colors:
    """Convert OKLab colors to sRGB, clipped to its gamut.

    Args:
        colors: OKLab values.

    Returns:
        Values in [0, 1], with sRGB's transfer curve.

    Examples:
        >>> oklab_to_srgb(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])).round(3).tolist()
        [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    """
    linear = np.clip((colors @ CONES.T) ** 3 @ LINEAR.T, 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
