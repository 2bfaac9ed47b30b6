"""Smallest-three encoding: unit quaternions without their largest component."""

import numpy as np


def largest_component(three: np.ndarray) -> np.ndarray:
    """Compute the fourth component of unit quaternions.

    Args:
        three: The other components, [N, 3].

    Returns:
        The component, at least 0, [N]; 0 where the norm of the other three is above 1.
    """
    return np.sqrt(np.clip(1 - np.square(three).sum(1), 0, None))


def restore_largest(three: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Insert the largest components.

    Args:
        three: The other components in their order, [N, 3].
        largest: Indices of the largest components, 0 to 3, [N].

    Returns:
        Quaternions, [N, 4].
    """
    quats = np.empty((len(three), 4))
    np.put_along_axis(quats, _others(largest), three, axis=1)
    np.put_along_axis(quats, largest[:, None], largest_component(three)[:, None], axis=1)
    return quats


def drop_largest(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Remove the largest components.

    Args:
        unit: Unit quaternions, [N, 4]; a quaternion and its negative are the same rotation.

    Returns:
        The other three components of the quaternion whose largest component is positive, each at
        most √½ in size, [N, 3]; and the indices of the largest components, [N].
    """
    largest = np.abs(unit).argmax(1)
    sign = np.where(np.take_along_axis(unit, largest[:, None], axis=1) < 0, -1, 1)
    return np.take_along_axis(sign * unit, _others(largest), axis=1), largest


def _others(largest: np.ndarray) -> np.ndarray:
    places = np.tile(np.arange(4), (len(largest), 1))
    return places[places != largest[:, None]].reshape(-1, 3)
