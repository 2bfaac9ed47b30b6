"""Constants of the picture, the same for every renderer (gsplat's "classic" mode)."""

NEAR = 0.01
"""Gaussians whose center is nearer than this along the camera's z axis are not drawn."""

EPS2D = 0.3
"""Added to both variances of every projected Gaussian, in square pixels."""

MAX_ALPHA = 0.999
"""No single Gaussian stops more of a ray than this."""

MIN_ALPHA = 1 / 255
"""Contributions below this are skipped."""

STOP = 1e-4
"""A pixel is finished before the Gaussian that would bring its transmittance to this or below."""

FRUSTUM_MARGIN = 0.3
"""Share of the half field of view by which the local affine map may leave the image."""
