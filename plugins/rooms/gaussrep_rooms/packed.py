"""Parts as arrays, for the kernels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64

from gaussrep_rooms.parts import Part


@dataclass(frozen=True, eq=False)
class Packed:
    """All parts of a room.

    Args:
        kinds: `BOX`, `FRUSTUM`, `BALL` or `BOWL`.
        centers: Middles, meters.
        axes: Rows are the directions of a part's own axes.
        half: Half extents along them, meters.
        tapers: Of frustums.
        patterns: Numbers of the materials' patterns.
        colors: First and second color of the materials, sRGB.
        looks: Scale in meters, phase and glow of the materials.
    """

    kinds: Int64[np.ndarray, " n"]
    centers: Float64[np.ndarray, "n 3"]
    axes: Float64[np.ndarray, "n 3 3"]
    half: Float64[np.ndarray, "n 3"]
    tapers: Float64[np.ndarray, " n"]
    patterns: Int64[np.ndarray, " n"]
    colors: Float64[np.ndarray, "n 2 3"]
    looks: Float64[np.ndarray, "n 3"]

    @cached_property
    def to_unit(self) -> Float64[np.ndarray, "n 3 3"]:
        """Matrices that take offsets from the centers to the parts' unit frames."""
        return self.axes / self.half[:, :, None]

    @cached_property
    def from_unit(self) -> Float64[np.ndarray, "n 3 3"]:
        """Matrices that take the unit frames to offsets from the centers."""
        return np.swapaxes(self.axes * self.half[:, :, None], 1, 2).copy()


def pack(parts: Sequence[Part]) -> Packed:
    """Pack parts, in their order.

    Args:
        parts: At least one.
    """
    materials = [part.material for part in parts]
    return Packed(
        kinds=np.array([part.kind for part in parts], dtype=np.int64),
        centers=np.stack([part.center for part in parts]),
        axes=np.stack([part.axes for part in parts]),
        half=np.stack([part.half for part in parts]),
        tapers=np.array([part.taper for part in parts], dtype=np.float64),
        patterns=np.array([material.pattern for material in materials], dtype=np.int64),
        colors=np.array([[m.first, m.second] for m in materials], dtype=np.float64),
        looks=np.array([[m.scale, m.phase, m.glow] for m in materials], dtype=np.float64),
    )
