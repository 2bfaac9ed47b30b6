"""Sums over the points of each voxel, taken frame by frame."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

MOST_CELLS = 2**20
"""Cells along each axis, so that a voxel's number fits in 63 bits."""


@dataclass(frozen=True, eq=False)
class Voxels:
    """What fell into each voxel.

    Args:
        keys: Numbers of the voxels, rising; neighbors along z, y and x differ by 1, `MOST_CELLS`
            and its square.
        points: Mean positions.
        colors: Mean colors.
        toward: Mean direction from the points to the cameras, not normalized.
    """

    keys: Int[np.ndarray, " p"]
    points: Float[np.ndarray, "p 3"]
    colors: Float[np.ndarray, "p 3"]
    toward: Float[np.ndarray, "p 3"]


class Moments:
    """Grows with each frame; holds one row per voxel, not per pixel.

    Args:
        voxel: Side of a voxel in meters.
    """

    def __init__(self, voxel: float) -> None:
        self._voxel = voxel
        self._keys = np.empty(0, np.int64)
        self._sums = np.empty((0, 10))

    def add(
        self,
        points: Float[np.ndarray, "n 3"],
        colors: Float[np.ndarray, "n 3"],
        eye: Float[np.ndarray, "3"],
    ) -> None:
        """Add the points of a frame.

        Args:
            points: Positions in meters.
            colors: Colors in [0, 1].
            eye: Where the camera stood.
        """
        cells = np.floor(points / self._voxel).astype(np.int64) + MOST_CELLS // 2
        keys = (cells[:, 0] * MOST_CELLS + cells[:, 1]) * MOST_CELLS + cells[:, 2]
        inside = ((cells >= 0) & (cells < MOST_CELLS)).all(axis=1)
        toward = eye - points
        toward /= np.linalg.norm(toward, axis=1, keepdims=True).clip(1e-9)
        rows = np.concatenate([np.ones((len(points), 1)), points, colors, toward], axis=1)
        frame_keys, frame_sums = _sum_by_key(keys[inside], rows[inside])
        self._keys, self._sums = _sum_by_key(
            np.concatenate([self._keys, frame_keys]), np.concatenate([self._sums, frame_sums])
        )

    def result(self, fewest: int) -> Voxels:
        """Give the means.

        Args:
            fewest: Voxels with fewer points than this are left out.
        """
        enough = self._sums[:, 0] >= fewest
        sums = self._sums[enough]
        means = sums[:, 1:] / sums[:, :1]
        return Voxels(self._keys[enough], means[:, :3], means[:, 3:6], means[:, 6:])


def _sum_by_key(
    keys: Int[np.ndarray, " n"], rows: Float[np.ndarray, "n c"]
) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, "m c"]]:
    if len(keys) == 0:
        return keys, rows
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    first = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    return keys[first], np.add.reduceat(rows, first, axis=0)
