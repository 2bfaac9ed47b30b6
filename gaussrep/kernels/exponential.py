"""The exponential of what can still be seen."""

from typing import Any

import numpy as np

from gaussrep.kernels.jit import part
from gaussrep.kernels.simd import fma

C0, C1, C2, C3, C4, C5 = (
    np.float32(0.9999999403953552),
    np.float32(0.12499911338090897),
    np.float32(0.007810738403350115),
    np.float32(0.00032420747447758913),
    np.float32(9.718831279315054e-06),
    np.float32(1.7910153360389813e-07),
)
"""Polynomial of least relative error for exp(x / 8) on log(1 / 255) <= x <= 0."""


@part
def exponential(x: Any) -> Any:
    """`exp(x)` of lanes, to 2e-6 relative, for log(1 / 255) <= x <= 0; any number beyond."""
    root = fma(x, C5, C4)
    root = fma(root, x, C3)
    root = fma(root, x, C2)
    root = fma(root, x, C1)
    root = fma(root, x, C0)
    root = root * root
    root = root * root
    return root * root
