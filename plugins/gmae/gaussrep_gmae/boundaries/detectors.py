"""Sobel and Canny: two classical detectors to compare with."""

import numpy as np
from jaxtyping import Float

from gaussrep_gmae.boundaries.thinning import hysteresis_strength, thin_strength

CANNY_SIGMA = 3.5
"""Smoothing in pixels with the best ODS on every fourth image of BSDS500's train split;
design choice."""
CANNY_LOW_TO_HIGH = 0.4
"""Low threshold as a fraction of the high one, as in MATLAB's `edge`."""
STEP_GRADIENT = 8 / np.sqrt(2 * np.pi)
"""Magnitude of a unit step smoothed by one pixel: 8 times its slope; falls as 1/sigma."""


def sobel(image: Float[np.ndarray, "3 h w"]) -> Float[np.ndarray, "h w"]:
    """Magnitude of the gray image's Sobel gradient, unsmoothed, thinned to its crests.

    Args:
        image: RGB in [0, 1].

    Returns:
        Strength in [0, 1]: the square root of the magnitude, which spreads the weak edges over more
        thresholds and changes nothing else (design choice).
    """
    from skimage.filters import sobel as magnitude

    return np.sqrt(thin_strength(magnitude(_gray(image))).clip(0, 1))


def canny(
    image: Float[np.ndarray, "3 h w"], sigma: float = CANNY_SIGMA
) -> Float[np.ndarray, "h w"]:
    """Canny's detector at all thresholds at once.

    Where the strength reaches s, `skimage.feature.canny` of the gray image finds an edge with
    `sigma`, `mode="reflect"`, `high_threshold=canny_high(s, sigma)` and 0.4 times that as the low.

    Args:
        image: RGB in [0, 1].
        sigma: Standard deviation of the smoothing, in pixels, > 0.

    Returns:
        Strength in [0, 1]: the square root of the contrast of the ideal step that gives the high
        threshold (design choice).
    """
    from scipy import ndimage
    from skimage import feature, filters

    gray = _gray(image)
    smooth = filters.gaussian(gray, sigma, mode="reflect")
    magnitude = np.hypot(ndimage.sobel(smooth, axis=0), ndimage.sobel(smooth, axis=1))
    crests = feature.canny(gray, sigma, 0, 0, mode="reflect")
    high = hysteresis_strength(np.where(crests, magnitude, 0), CANNY_LOW_TO_HIGH)
    return np.sqrt(high / canny_high(1.0, sigma)).clip(0, 1)


def canny_high(strength: float, sigma: float = CANNY_SIGMA) -> float:
    """High threshold of `skimage.feature.canny` that a strength of `canny` corresponds to.

    Args:
        strength: From 0 to 1.
        sigma: Standard deviation of the smoothing, in pixels.

    Returns:
        The threshold.
    """
    return float(strength**2 * STEP_GRADIENT / sigma)


def _gray(image: Float[np.ndarray, "3 h w"]) -> Float[np.ndarray, "h w"]:
    """Rec. 709 luma, in double precision."""
    from skimage.color import rgb2gray

    return rgb2gray(image.astype(np.float64), channel_axis=0)
