"""Turning a recording so that z is up."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64

from gaussrep.data.scenes.shot import Shot
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError


def upright(
    shots: Sequence[Shot], up: tuple[float, float, float] | None
) -> Float64[np.ndarray, "4 4"]:
    """The shortest turn that makes z the upward axis.

    Args:
        shots: Frames of the recording.
        up: Which way is up in the coordinates of the poses; None takes the mean of the cameras'
            upward axes, which people hold upright more or less.

    Returns:
        Rotation of the recording's coordinates, as a 4 x 4 matrix.

    Raises:
        UnreadableSceneError: If the cameras' upward axes cancel out.
    """
    axis = np.array(up) if up is not None else np.mean([-shot.viewmat[1, :3] for shot in shots], 0)
    length = np.linalg.norm(axis)
    if not length > 1e-6:
        raise UnreadableSceneError(
            f"{shots[0].color.parent}: the cameras' upward axes cancel out; say which way is up "
            "with data.up."
        )
    matrix = np.eye(4)
    matrix[:3, :3] = _shortest_turn(axis / length)
    return matrix


def _shortest_turn(axis: Float[np.ndarray, "3"]) -> Float64[np.ndarray, "3 3"]:
    """Rodrigues' formula for the rotation that takes a unit vector to z."""
    if axis[2] < -1 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    x, y, z = axis
    cross = np.array([[0, 0, -x], [0, 0, -y], [x, y, 0]])
    return np.eye(3) + cross + cross @ cross / (1 + z)
