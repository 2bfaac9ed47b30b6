"""Constants of rendering, the same for every renderer (gsplat's "classic" mode)."""

__all__ = ["EPS2D", "FRUSTUM_MARGIN", "MAX_ALPHA", "MIN_ALPHA", "NEAR", "TRANSMITTANCE_MIN"]

NEAR = 0.01
"""Near plane in scene units: Gaussians whose center is nearer along the z axis are not rendered."""

EPS2D = 0.3
"""Added to both variances of every projected Gaussian, in square pixels."""

MAX_ALPHA = 0.999
"""Upper bound of a Gaussian's alpha in a pixel."""

MIN_ALPHA = 1 / 255
"""Lower bound of a Gaussian's alpha in a pixel; smaller contributions are skipped."""

TRANSMITTANCE_MIN = 1e-4
"""A pixel ends before the Gaussian that would bring its transmittance to this or below."""

FRUSTUM_MARGIN = 0.3
"""Fraction of the half field of view by which the local affine map may leave the image."""
