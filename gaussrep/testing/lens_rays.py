"""An independent camera in NumPy: from pixels to rays, by the formulas of OpenCV's manual."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

ITERATIONS = 200


def lens_ray(
    model: str,
    K: Float[np.ndarray, "3 3"],
    coefficients: Sequence[float],
    pixel: Sequence[float],
) -> Float[np.ndarray, " 3"]:
    """Compute the direction that a pixel shows.

    Args:
        model: `opencv` or `fisheye`.
        K: Camera matrix, pixel centers at +0.5.
        coefficients: Those of the lens, in the order of `gaussrep.Cameras`.
        pixel: x and y.

    Returns:
        A unit vector in camera axes.
    """
    bent = (np.asarray(pixel) - K[:2, 2]) / K[(0, 1), (0, 1)]
    ray = _fisheye(coefficients, bent) if model == "fisheye" else _opencv(coefficients, bent)
    return ray / np.linalg.norm(ray)


def _fisheye(coefficients: Sequence[float], bent: np.ndarray) -> np.ndarray:
    """Bisect for the angle."""
    radius, low, high = np.linalg.norm(bent), 0.0, np.pi / 2
    for _ in range(ITERATIONS):
        angle = (low + high) / 2
        powers = angle ** np.array([3, 5, 7, 9])
        is_beyond = angle + np.dot(coefficients, powers) > radius
        low, high = (low, angle) if is_beyond else (angle, high)
    direction = bent / max(radius, 1e-12)
    return np.array([*(np.sin(low) * direction), np.cos(low)])


def _opencv(coefficients: Sequence[float], bent: np.ndarray) -> np.ndarray:
    """Find the fixed point of undoing the distortion at the last estimate."""
    k1, k2, p1, p2, k3, k4, k5, k6 = coefficients
    x, y = bent
    for _ in range(ITERATIONS):
        r2 = x**2 + y**2
        radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
        shift = np.array(
            [2 * p1 * x * y + p2 * (r2 + 2 * x**2), p1 * (r2 + 2 * y**2) + 2 * p2 * x * y]
        )
        x, y = (bent - shift) / radial
    return np.array([x, y, 1.0])
