"""From a tile's moments to the ellipse: its center and its covariance."""

from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.rendering.cpu.geometry import blend
from gaussrep.rendering.cpu.layout import ACROSS, ACROSS2, ALONG, ALONG2, SKEW


@inline_jit
def pull_pixel_offset(total: np.ndarray, covariance: Any) -> Any:
    """Gradient to the center in pixels: the inverse covariance times the first moments."""
    xx, xy, yy, determinant = covariance
    across, along = np.float64(total[ACROSS]), np.float64(total[ALONG])
    return (yy * across - xy * along) / determinant, (xx * along - xy * across) / determinant


@inline_jit
def pull_covariance(total: np.ndarray, covariance: Any, u: Any, v: Any) -> Any:
    """Gradients to the half axes' x and y.

    The exponent is -½ dᵀ C⁻¹ d, so that C wants ½ C⁻¹ M C⁻¹ of the second moments M.
    """
    xx, xy, yy, determinant = covariance
    a, b, c = yy / determinant, -xy / determinant, xx / determinant
    mxx, mxy, myy = np.float64(total[ACROSS2]), np.float64(total[SKEW]), np.float64(total[ALONG2])
    p, q = a * mxx + b * mxy, a * mxy + b * myy
    r, s = b * mxx + c * mxy, b * mxy + c * myy
    to_xx, to_xy, to_yy = p * a + q * b, p * b + q * c, r * b + s * c
    return blend(u, to_xx, v, to_xy), blend(v, to_yy, u, to_xy)
