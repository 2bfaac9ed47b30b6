"""Poses of cameras."""

import numpy as np
from jaxtyping import Float, Float64


def inverted(pose: Float[np.ndarray, "rows columns"]) -> Float64[np.ndarray, "4 4"] | None:
    """Turn camera-to-world into world-to-camera, or the other way.

    Args:
        pose: 4 x 4.

    Returns:
        The inverse; None where the pose is not a finite, invertible 4 x 4 matrix, as tracking that
        was lost leaves it.
    """
    if pose.shape != (4, 4) or not np.isfinite(pose).all():
        return None
    try:
        inverse = np.linalg.inv(pose.astype(np.float64))
    except np.linalg.LinAlgError:
        return None
    return inverse if np.isfinite(inverse).all() else None
