"""Albedo of surfaces: procedural patterns."""

import numpy as np
from jaxtyping import Float64, Int64

from gaussrep.kernels import inline_jit, kernel
from gaussrep_rooms.materials import Pattern
from gaussrep_rooms.primitives import BOX, PrimitiveArrays

PLAIN, WOOD, STRIPES, CHECKS, TILES, PLANKS, FABRIC, BOOKS, ART, VIEW, DOTS, MARBLE = map(
    int, Pattern
)
JOINT = 0.006
"""Width of the joints between tiles and between planks, meters (design choice)."""
PLANK = 1.1
"""Length of a plank, meters (design choice)."""


def albedo(
    points: Float64[np.ndarray, "p 3"],
    normals: Float64[np.ndarray, "p 3"],
    which: Int64[np.ndarray, " p"],
    primitives: PrimitiveArrays,
) -> Float64[np.ndarray, "p 3"]:
    """Compute the albedo of surface points.

    Args:
        points: Positions on the surfaces, meters.
        normals: Unit normals there.
        which: Index of each point's primitive.
        primitives: All primitives.

    Returns:
        sRGB.
    """
    out = np.empty_like(points)
    _paint(
        points,
        normals,
        which,
        primitives.kinds,
        primitives.centers,
        primitives.axes,
        primitives.half,
        primitives.patterns,
        primitives.colors,
        primitives.looks,
        out,
    )
    return out


@kernel
def _paint(
    points, normals, which, kinds, centers, axes, half, patterns, colors, looks, out
) -> None:
    local, facing = np.empty(3), np.empty(3)
    for i in range(len(points)):
        n = which[i]
        for k in range(3):
            local[k] = facing[k] = 0.0
            for m in range(3):
                local[k] += axes[n, k, m] * (points[i, m] - centers[n, m])
                facing[k] += axes[n, k, m] * normals[i, m]
        u, v, wide, high = _unrolled(local, facing, half[n], kinds[n] == BOX)
        scale, phase = looks[n, 0], looks[n, 1]
        red, green, blue = _own_colors(patterns[n], u, v, wide, high, scale, phase)
        if red < 0:
            share = _share(patterns[n], u, v, wide, high, scale, phase)
            for k in range(3):
                out[i, k] = colors[n, 0, k] + share * (colors[n, 1, k] - colors[n, 0, k])
        else:
            out[i, 0], out[i, 1], out[i, 2] = red, green, blue


@inline_jit
def _unrolled(local, facing, half, is_box):
    """Return the position on the surface, right and up from its center, and its half extents."""
    if not is_box:
        round_ = max(half[0], half[1])
        return np.arctan2(local[1], local[0]) * round_, local[2], np.pi * round_, half[2]
    x, y, z = abs(facing[0]), abs(facing[1]), abs(facing[2])
    if z >= x and z >= y:
        return local[0], local[1], half[0], half[1]
    if x >= y:
        return local[1], local[2], half[1], half[2]
    return local[0], local[2], half[0], half[2]


@inline_jit
def _share(pattern, u, v, wide, high, scale, phase):
    """Compute the weight of the second color, in [0, 1]."""
    if pattern in (WOOD, PLANKS):
        along, across = (u, v) if wide >= high else (v, u)
        if pattern == WOOD:
            return _grain(along, across, scale, phase)
        return _planks(along, across, scale, phase)
    if pattern == TILES:
        return _tiles(u, v, scale, phase)
    if pattern == STRIPES:
        return _clip(0.5 + 4 * np.sin(2 * np.pi * u / scale + phase))
    if pattern == CHECKS:
        wave = np.sin(np.pi * u / scale + phase) * np.sin(np.pi * v / scale + phase)
        return _clip(0.5 + 12 * wave)
    if pattern == DOTS:
        a, b = u / scale - np.floor(u / scale) - 0.5, v / scale - np.floor(v / scale) - 0.5
        return _clip((0.3 - np.hypot(a, b)) * 20)
    if pattern == MARBLE:
        bend = _layers(u / scale, v / scale, phase)
        return _clip(1 - 9 * abs(bend - 0.5)) * 0.8 + 0.2 * _noise(u / 0.01, v / 0.01, phase)
    if pattern == FABRIC:
        fine, coarse = _noise(u / scale, v / scale, phase), _noise(u / 0.3, v / 0.3, phase)
        return _clip(0.9 * fine + 0.3 * coarse - 0.1)
    return _layers(u / scale, v / scale, phase)


@inline_jit
def _own_colors(pattern, u, v, wide, high, scale, phase):
    """Compute the colors of patterns that define their own; -1 for the others."""
    if pattern == BOOKS:
        return _books(u, v, high, scale, phase)
    if pattern == ART:
        return _art(u / wide, v / high, phase)
    if pattern == VIEW:
        return _view(u, v, wide, high, phase)
    return -1.0, -1.0, -1.0


@inline_jit
def _grain(along, across, scale, phase):
    bend = 0.6 * _noise(along / 0.5, across / 0.2, phase + 7)
    rings = _noise(along / 2.0, across / scale * 3 + bend * 3, phase)
    return _clip(0.7 * rings + 0.5 * _noise(along / 0.15, across / 0.008, phase) - 0.1)


@inline_jit
def _planks(along, across, scale, phase):
    row = np.floor(across / scale)
    start = along / PLANK + _chance(row, 0.0, phase)
    plank = np.floor(start)
    gap = min(across - row * scale, (start - plank) * PLANK)
    if gap < JOINT / 2:
        return 1.6
    tone = _chance(row, plank, phase + 3)
    return 0.6 * tone + 0.4 * _grain(along, across, 0.08, phase + tone * 50)


@inline_jit
def _tiles(u, v, scale, phase):
    column, row = np.floor(u / scale), np.floor(v / scale)
    if min(u - column * scale, v - row * scale) < JOINT:
        return 1.0
    return 0.25 * _chance(column, row, phase)


@inline_jit
def _books(u, v, high, scale, phase):
    """Upright spines of random color and height; dark above them."""
    shelf = u / scale + 0.35 * np.sin(u / scale + phase)
    book = np.floor(shelf)
    tall = 0.7 + 0.3 * _chance(book, 1.0, phase)
    edge = min(shelf - book, book + 1 - shelf)
    height = (v + high) / (2 * high)
    if height > tall or _chance(book, 9.0, phase) < 0.08:
        return 0.1, 0.08, 0.07
    light = (0.35 + 0.6 * _chance(book, 2.0, phase)) * (0.6 if edge < 0.1 else 1.0)
    if abs(height / tall - 0.75) < 0.05 and _chance(book, 4.0, phase) < 0.6:
        return 0.9 * light, 0.85 * light, 0.6 * light
    hue = 6.28 * _chance(book, 3.0, phase)
    return (
        _clip(light * (0.75 + 0.3 * np.cos(hue))),
        _clip(light * (0.7 + 0.3 * np.cos(hue - 2.1))),
        _clip(light * (0.7 + 0.3 * np.cos(hue + 2.1))),
    )


@inline_jit
def _art(a, b, phase):
    """Areas of four strong colors between wavy borders, inside a light margin."""
    if max(abs(a), abs(b)) > 0.88:
        return 0.93, 0.91, 0.87
    level = 3.999 * _clip(2.2 * _layers(1.6 * a + 5, 1.6 * b + 9, phase) - 0.6 + 0.15 * b)
    area = np.floor(level)
    hue, light = 6.28 * _chance(area, 5.0, phase), 0.35 + 0.5 * _chance(area, 6.0, phase)
    return (
        _clip(light + 0.3 * np.cos(hue)),
        _clip(light + 0.3 * np.cos(hue - 2.1)),
        _clip(light + 0.3 * np.cos(hue + 2.1)),
    )


@inline_jit
def _view(u, v, wide, high, phase):
    """A pale sky over hazy hills, behind a white cross of bars."""
    a, b = u / wide, v / high
    if min(abs(u), abs(v)) < 0.018:
        return 0.95, 0.95, 0.93
    hills = 0.7 * _layers(1.5 * a + phase, 0.5, phase) - 0.85
    if b < hills:
        dark = 0.75 + 0.25 * _noise(a * 12, b * 12, phase)
        return 0.5 * dark, 0.62 * dark, 0.42 * dark
    cloud = 0.5 * _clip(2 * _layers(1.5 * a, 3 * b, phase + 5) - 0.8)
    up = _clip(0.5 * b + 0.5)
    sky = 1 - 0.32 * up
    return sky + (1 - sky) * cloud, 0.93 - 0.1 * up + (0.07 + 0.1 * up) * cloud, 0.99


@inline_jit
def _layers(x, y, phase):
    """Sum three octaves of noise, in [0, 1]."""
    return (
        4 * _noise(x, y, phase) + 2 * _noise(2 * x, 2 * y, phase + 1)
        + _noise(4 * x, 4 * y, phase + 2)
    ) / 7  # fmt: skip


@inline_jit
def _noise(x, y, phase):
    """Interpolate random values at integers smoothly, in [0, 1]."""
    left, low = np.floor(x), np.floor(y)
    a, b = x - left, y - low
    a, b = a * a * (3 - 2 * a), b * b * (3 - 2 * b)
    bottom = _chance(left, low, phase) * (1 - a) + _chance(left + 1, low, phase) * a
    top = _chance(left, low + 1, phase) * (1 - a) + _chance(left + 1, low + 1, phase) * a
    return bottom * (1 - b) + top * b


@inline_jit
def _chance(x, y, phase):
    """Hash two integers and a phase to a number in [0, 1)."""
    state = np.uint32(np.int64(x) * 374761393 + np.int64(y) * 668265263 + np.int64(phase * 1000003))
    state = np.uint32((state ^ (state >> np.uint32(13))) * np.uint32(1274126177))
    state ^= state >> np.uint32(16)
    return np.float64(state) / 4294967296.0


@inline_jit
def _clip(value):
    return min(max(value, 0.0), 1.0)
