"""Constants of real spherical harmonics, for `gaussrep.sh` and for kernels; without torch."""

from math import pi, sqrt

MAX_DEGREE = 4
C0 = 0.5 * sqrt(1 / pi)
"""The basis function of degree 0."""
