"""Compiled CPU kernels: Numba compilation and its cache, SIMD vectors, threads.

Every Numba kernel of gaussrep and its plugins is built on this package: the `cpu` renderer, sparse
convolutions, the room generator, the boundary benchmark and decimation. `simd` holds the
vector operations.

Names are imported when they are first used, so that Numba is not imported before a kernel is.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.kernels import simd
    from gaussrep.kernels.jit import inline_jit, kernel
    from gaussrep.kernels.threads import NONE, Tasks, claim, launch

__all__ = [
    "NONE",
    "Tasks",
    "claim",
    "inline_jit",
    "kernel",
    "launch",
    "simd",
]

_HOMES = {
    "NONE": "gaussrep.kernels.threads",
    "Tasks": "gaussrep.kernels.threads",
    "claim": "gaussrep.kernels.threads",
    "inline_jit": "gaussrep.kernels.jit",
    "kernel": "gaussrep.kernels.jit",
    "launch": "gaussrep.kernels.threads",
    "simd": "gaussrep.kernels.simd",
}

__getattr__ = lazy_names(__name__, _HOMES)
