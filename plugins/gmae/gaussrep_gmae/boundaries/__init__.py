"""Boundaries of objects: the BSDS500 benchmark, thinning, and two classical detectors.

Martin, Fowlkes, Malik, "Learning to detect natural image boundaries using local brightness, color,
and texture cues", PAMI 2004; Arbelaez, Maire, Fowlkes, Malik, "Contour detection and hierarchical
image segmentation", PAMI 2011. Needs scipy; the detectors also need scikit-image.
"""

from gaussrep_gmae.boundaries.detectors import canny, sobel
from gaussrep_gmae.boundaries.scores import BoundaryScores, score_boundaries
from gaussrep_gmae.boundaries.thinning import thin_strength

__all__ = ["BoundaryScores", "canny", "score_boundaries", "sobel", "thin_strength"]
