"""Unit quaternions without their largest component, which the other three give."""

import numpy as np


def completing(three: np.ndarray) -> np.ndarray:
    """The fourth component of unit quaternions.

    Args:
        three: The others, [N, 3].

    Returns:
        At least 0, [N]; 0 where the three are too long already.
    """
    return np.sqrt(np.clip(1 - np.square(three).sum(1), 0, None))


def join(three: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Put the largest components back.

    Args:
        three: The others in their order, [N, 3].
        largest: Places of the largest ones, 0 to 3, [N].

    Returns:
        Quaternions, [N, 4].
    """
    quats = np.empty((len(three), 4))
    np.put_along_axis(quats, _others(largest), three, axis=1)
    np.put_along_axis(quats, largest[:, None], completing(three)[:, None], axis=1)
    return quats


def split(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave the largest components out.

    Args:
        unit: Unit quaternions, [N, 4]; a quaternion and its negative are the same rotation.

    Returns:
        The other three of the one whose largest component is positive, each at most √½ in size,
        [N, 3]; and the places of the largest, [N].
    """
    largest = np.abs(unit).argmax(1)
    sign = np.where(np.take_along_axis(unit, largest[:, None], axis=1) < 0, -1, 1)
    return np.take_along_axis(sign * unit, _others(largest), axis=1), largest


def _others(largest: np.ndarray) -> np.ndarray:
    places = np.tile(np.arange(4), (len(largest), 1))
    return places[places != largest[:, None]].reshape(-1, 3)
