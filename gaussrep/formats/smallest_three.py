"""Smallest-three encoding: unit quaternions without their largest component."""

import numpy as np

TIE = 3
"""Steps by which rounding can make another component the largest."""
WHOLE = 1e-3
"""Difference to a whole number of steps, above that of float32."""


def largest_component(three: np.ndarray) -> np.ndarray:
    """Compute the fourth component of unit quaternions.

    Args:
        three: The other components, [3, N].

    Returns:
        The component, at least 0, [N]; 0 if the norm of the other three is above 1.
    """
    first, second, third = np.square(three)
    return np.sqrt(np.maximum(1 - (first + second + third), 0))


def restore_largest(three: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Insert the largest components.

    Args:
        three: The other components in their order, [3, N].
        largest: Indices of the largest components, 0 to 3, [N].

    Returns:
        Quaternions, [4, N].
    """
    quats = np.empty((4, three.shape[1]))
    fourth = largest_component(three)
    for place in range(4):
        before, after = three[max(place - 1, 0)], three[min(place, 2)]
        others = np.where(largest < place, before, after)
        quats[place] = np.where(largest == place, fourth, others)
    return quats


def drop_largest(
    unit: np.ndarray, steps: float, center: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Remove the largest components, and round the others to steps of a file.

    A decoded quaternion is encoded as before: rounding can make one of the three the largest, so
    that component is removed without which the others already are whole numbers of steps.

    Args:
        unit: Unit quaternions, [4, N]; a quaternion and its negative are the same rotation.
        steps: Number of steps from 0 to √½.
        center: Place of 0 between two whole numbers of steps: 0, or ½ if 0 has no step.

    Returns:
        The other three components of the quaternion whose largest component is positive, whole
        numbers of steps less `center`, each at most `steps` in size, [3, N]; and the indices of
        the largest components, [N].
    """
    parts = np.ascontiguousarray(unit)
    sizes = np.abs(parts)
    largest = sizes.argmax(0)
    limit = sizes.max(0, initial=0) - TIE * np.sqrt(0.5) / steps
    near = np.flatnonzero((sizes > limit).sum(0) > 1)
    for place in range(4):
        rows = near[sizes[place, near] > limit[near]]
        rounded, exact = _round(parts[:, rows], np.full(len(rows), place), steps, center)
        largest[rows[np.abs(rounded - exact).max(0, initial=0) < WHOLE]] = place
    return _round(parts, largest, steps, center)[0], largest


def _round(
    parts: np.ndarray, largest: np.ndarray, steps: float, center: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the other three components of quaternions [4, N] in steps, rounded and exact."""
    is_negative = parts[largest, np.arange(len(largest))] < 0
    exact = np.stack([np.where(largest <= n, parts[n + 1], parts[n]) for n in range(3)])
    exact = np.where(is_negative, -exact, exact) / np.sqrt(0.5) * steps
    return (np.rint(exact - center) + center).clip(-steps, steps), exact
