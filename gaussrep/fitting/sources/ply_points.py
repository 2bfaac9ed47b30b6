"""Reading a cloud of colored points from a PLY file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.errors import DataError, FormatError
from gaussrep.formats.ply_elements import read_header, read_vertices

AXES, COLORS = ("x", "y", "z"), ("red", "green", "blue")


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
    """Read the finite points of a file.

    Args:
        path: A PLY file with the columns x, y, z; red, green and blue, of eight bits, where it has
            them.

    Returns:
        At least one point; gray where the file has no colors.

    Raises:
        DataError: If the file is missing, damaged, or holds no point.
    """
    try:
        with path.open("rb") as file:
            table = read_vertices(file, read_header(file))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except FormatError as error:
        raise DataError(f"{path}: {error}") from error
    points = _columns(table, AXES)
    if points is None:
        raise DataError(f"{path}: this file has no columns x, y, z.")
    colors = _columns(table, COLORS)
    colors = torch.full_like(points, 0.5) if colors is None else (colors / 255).clamp(0, 1)
    finite = points.isfinite().all(-1)
    if not finite.any():
        raise DataError(f"{path}: this file holds no point.")
    return ColoredPoints(points[finite], colors[finite])


def _columns(table: np.ndarray, names: tuple[str, ...]) -> Tensor | None:
    if not set(names) <= set(table.dtype.names or ()):
        return None
    return torch.from_numpy(np.stack([table[name].astype(np.float32) for name in names], -1))
