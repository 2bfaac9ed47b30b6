"""Unit quaternions in three or four bytes."""

from typing import Literal

import numpy as np

from gaussrep.formats import smallest_three

HALF = 127.5
"""What ±1 is stored as, around itself, in version 2."""
BITS = 9
"""Of the size of each of the smallest three, in version 3; a tenth bit is the sign."""
LARGEST_SIZE = 2**BITS - 1
SHIFTS = np.array([20, 10, 0], np.uint32)
XYZW = [1, 2, 3, 0]
"""The order in a file, from ours; `WXYZ` leads back."""
WXYZ = [3, 0, 1, 2]


def decode(stored: np.ndarray, version: Literal[2, 3]) -> np.ndarray:
    """Quaternions from bytes.

    Args:
        stored: Bytes, [N, 3] in version 2, [N, 4] in version 3.
        version: 2 keeps x, y and z, and w is not negative; 3 keeps the smallest three, and the
            largest is positive.

    Returns:
        Quaternions, wxyz, [N, 4]; of length 1 up to rounding.
    """
    if version == 2:
        xyz = stored / HALF - 1
        return np.concatenate([smallest_three.completing(xyz)[:, None], xyz], axis=1)
    words = np.ascontiguousarray(stored).view("<u4")
    fields = words >> SHIFTS
    sizes = (fields & LARGEST_SIZE) / LARGEST_SIZE * np.sqrt(0.5)
    three = np.where(fields >> BITS & 1, -sizes, sizes)
    return smallest_three.join(three, (words[:, 0] >> 30).astype(np.intp))[:, WXYZ]


def encode(quats: np.ndarray, version: Literal[2, 3]) -> np.ndarray:
    """Bytes of quaternions.

    Args:
        quats: Quaternions, wxyz, of any length but zero, [N, 4].
        version: 2 or 3.

    Returns:
        Bytes, [N, 3] or [N, 4].
    """
    unit = quats / np.linalg.norm(quats, axis=1, keepdims=True)
    if version == 2:
        sign = np.where(unit[:, :1] < 0, -1, 1)
        return np.rint((sign * unit[:, 1:] + 1) * HALF).astype(np.uint8)
    three, largest = smallest_three.split(unit[:, XYZW])
    sizes = np.rint(np.abs(three) / np.sqrt(0.5) * LARGEST_SIZE).astype(np.uint32)
    fields = (three < 0).astype(np.uint32) << BITS | sizes
    words = (fields << SHIFTS).sum(1, dtype=np.uint32) | largest.astype(np.uint32) << 30
    return words.astype("<u4")[:, None].view(np.uint8)
