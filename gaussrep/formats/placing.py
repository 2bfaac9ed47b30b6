"""Placement of the Gaussians of a scene graph by the matrices of its nodes."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gaussrep import sh
from gaussrep.checks import check_finite
from gaussrep.errors import FormatError, ValueRangeError
from gaussrep.formats.checked_files import SMALLEST
from gaussrep.gaussians import Gaussians
from gaussrep.quaternions import from_matrix, to_matrix


def place(part: Gaussians, matrix: np.ndarray) -> Gaussians:
    """Transform Gaussians by the matrix of a node.

    Args:
        part: One scene in the coordinates of the node.
        matrix: Affine map to the coordinates of the scene, on column vectors, [4, 4].

    Returns:
        The Gaussians in the coordinates of the scene.

    Raises:
        FormatError: If the matrix shears, flattens or is not finite.
    """
    if np.array_equal(matrix, np.eye(4)):
        return part
    turn = _stretching_turn(matrix)
    try:
        if turn is None:
            placed = part.transform(torch.from_numpy(matrix).float())
        else:
            placed = _stretch(part, torch.from_numpy(matrix), torch.from_numpy(turn))
        check_finite(dict(placed.tensors()))
    except ValueRangeError as error:
        raise FormatError(f"a node cannot carry Gaussians: {error}") from error
    return placed


ORTHOGONAL = 1e-5
"""Largest error of a node's rotation; a design choice."""


def _stretching_turn(matrix: np.ndarray) -> np.ndarray | None:
    """Return the rotation of a node that then scales its axes differently; None for any other."""
    linear = matrix[:3, :3]
    with np.errstate(all="ignore"):
        sizes = np.sqrt(np.square(linear).sum(0))
        turn = linear / sizes
        straight = np.abs(turn.T @ turn - np.eye(3)).max() < ORTHOGONAL
    if not straight or np.linalg.det(turn) < 0:
        return None
    return turn if np.ptp(sizes) > ORTHOGONAL * sizes.max() else None


def _stretch(part: Gaussians, matrix: Tensor, turn: Tensor) -> Gaussians:
    """Transform Gaussians by a node that scales its axes differently; its rotation turns SH."""
    linear = matrix[:3, :3]
    axes = to_matrix(part.quats.double()) * part.scales.double()[:, None]
    turned, scales, _ = torch.linalg.svd(linear @ axes)
    turned = turned * turned.det().sign()[:, None, None]
    return part.replace(
        means=(part.means.double() @ linear.mT + matrix[:3, 3]).float(),
        quats=from_matrix(turned).float(),
        scales=scales.float().clamp_min(SMALLEST),
        sh=None if part.sh is None else sh.rotate(part.sh, turn.float()),
    )


def common_marks(parts: Sequence[Gaussians]) -> Gaussians:
    """Check that parts can be one scene.

    Args:
        parts: At least one scene.

    Returns:
        The first.

    Raises:
        FormatError: If only some parts are antialiased, or have linear colors.
    """
    if len({(part.antialiased, part.color_space) for part in parts}) > 1:
        raise FormatError(
            "some of its parts are marked antialiased, or have linear colors, and others are not; "
            "one scene cannot hold both. Write them to files of their own."
        )
    return parts[0]


def join(parts: Sequence[Gaussians]) -> Gaussians:
    """Concatenate parts with SH, whose degrees may differ.

    Args:
        parts: At least one scene, each with `sh`.

    Returns:
        One scene with `sh` of the highest degree that occurs.

    Raises:
        FormatError: If only some parts are antialiased, or have linear colors.
    """
    first = common_marks(parts)
    if len(parts) == 1:
        return first
    bases = max(part.sh.shape[1] for part in parts if part.sh is not None)
    return Gaussians.cat([extend_degree(part, bases) for part in parts])


def extend_degree(part: Gaussians, bases: int) -> Gaussians:
    """Extend SH by zeros.

    Args:
        part: One scene with `sh`.
        bases: Number of basis functions, at least those that it has.

    Returns:
        The same with `bases` basis functions.
    """
    assert part.sh is not None
    if part.sh.shape[1] == bases:
        return part
    missing = part.sh.new_zeros(part.count, bases - part.sh.shape[1], 3)
    return part.replace(sh=torch.cat([part.sh, missing], dim=1))
