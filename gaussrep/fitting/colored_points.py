"""Points with colors, from PLY files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.errors import DataError, FormatError
from gaussrep.formats.ply_elements import PlyHeader, read_header, read_vertices
from gaussrep.runtime.plain_files import require_plain

AXES = ("x", "y", "z")
COLORS = (
    ("red", "green", "blue"),
    ("r", "g", "b"),
    ("diffuse_red", "diffuse_green", "diffuse_blue"),
)
"""Names of the columns of colors."""


@dataclass(frozen=True, eq=False)
class ColoredPoints:
    """Points and their colors.

    Args:
        points: Positions, [P, 3].
        colors: RGB in [0, 1], [P, 3].
    """

    points: Float[Tensor, "p 3"]
    colors: Float[Tensor, "p 3"]


def read_points(path: Path) -> ColoredPoints:
    """Read the finite points of a PLY file.

    Args:
        path: A PLY file with the columns x, y, z and, optionally, red, green and blue: whole
            numbers of 8 or 16 bits, or floats in [0, 1] or 0 … 255.

    Returns:
        At least one point; gray where the file has no colors.

    Raises:
        DataError: The file is missing, damaged, or has no point.
    """
    try:
        require_plain(path)
        with path.open("rb") as file:
            header = read_header(file)
            table = read_vertices(file, header)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except FormatError as error:
        raise DataError(f"{path}: {error}") from error
    points = _columns(table, AXES)
    if points is None:
        raise DataError(f"{path}: this file has no columns x, y, z.")
    colors = _colors(table, header)
    colors = torch.full_like(points, 0.5) if colors is None else colors
    finite = points.isfinite().all(-1) & colors.isfinite().all(-1)
    if not finite.any():
        raise DataError(f"{path}: this file holds no point.")
    return ColoredPoints(points[finite], colors[finite])


def _colors(table: np.ndarray, header: PlyHeader) -> Tensor | None:
    for names in COLORS:
        if (colors := _columns(table, names)) is not None:
            code = header.vertex.properties[names[0]] or ""
            largest = colors.nan_to_num().max().item() if len(colors) else 0.0
            is_unit = code.startswith("f") and largest <= 1
            full = 1.0 if is_unit else 65535.0 if code == "u2" else 255.0
            return (colors / full).clamp(0, 1)
    return None


def _columns(table: np.ndarray, names: tuple[str, ...]) -> Tensor | None:
    if not set(names) <= set(table.dtype.names or ()):
        return None
    return torch.from_numpy(np.stack([table[name].astype(np.float32) for name in names], -1))
