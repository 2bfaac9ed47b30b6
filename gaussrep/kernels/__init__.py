"""Compiled CPU kernels: Numba compilation and its cache, SIMD vectors, threads.

Every Numba kernel of gaussrep and its plugins is built on this package: the `cpu` renderer, sparse
convolutions, the room generator and the boundary benchmark.

Names are imported when they are first used, so that Numba is not imported before a kernel is.
"""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.kernels.jit import inline_jit, inline_jit_alloc, kernel
    from gaussrep.kernels.simd import (
        I32,
        VECTOR,
        WIDTH,
        broadcast,
        call_llvm,
        deinterleave,
        exp,
        fma,
        fnma,
        horizontal_sum,
        interleave,
        intrinsic,
        iota,
        load,
        load_masked,
        maximum,
        minimum,
        movemask,
        select,
        store,
        store_masked,
    )
    from gaussrep.kernels.threads import NONE, Tasks, claim, launch

__all__ = [
    "I32",
    "NONE",
    "VECTOR",
    "WIDTH",
    "Tasks",
    "broadcast",
    "call_llvm",
    "claim",
    "deinterleave",
    "exp",
    "fma",
    "fnma",
    "horizontal_sum",
    "inline_jit",
    "inline_jit_alloc",
    "interleave",
    "intrinsic",
    "iota",
    "kernel",
    "launch",
    "load",
    "load_masked",
    "maximum",
    "minimum",
    "movemask",
    "select",
    "store",
    "store_masked",
]

_HOMES = {
    "I32": "gaussrep.kernels.simd",
    "NONE": "gaussrep.kernels.threads",
    "VECTOR": "gaussrep.kernels.simd",
    "WIDTH": "gaussrep.kernels.simd",
    "Tasks": "gaussrep.kernels.threads",
    "broadcast": "gaussrep.kernels.simd",
    "call_llvm": "gaussrep.kernels.simd",
    "claim": "gaussrep.kernels.threads",
    "deinterleave": "gaussrep.kernels.simd",
    "exp": "gaussrep.kernels.simd",
    "fma": "gaussrep.kernels.simd",
    "fnma": "gaussrep.kernels.simd",
    "horizontal_sum": "gaussrep.kernels.simd",
    "inline_jit": "gaussrep.kernels.jit",
    "inline_jit_alloc": "gaussrep.kernels.jit",
    "interleave": "gaussrep.kernels.simd",
    "intrinsic": "gaussrep.kernels.simd",
    "iota": "gaussrep.kernels.simd",
    "kernel": "gaussrep.kernels.jit",
    "launch": "gaussrep.kernels.threads",
    "load": "gaussrep.kernels.simd",
    "load_masked": "gaussrep.kernels.simd",
    "maximum": "gaussrep.kernels.simd",
    "minimum": "gaussrep.kernels.simd",
    "movemask": "gaussrep.kernels.simd",
    "select": "gaussrep.kernels.simd",
    "store": "gaussrep.kernels.simd",
    "store_masked": "gaussrep.kernels.simd",
}

__getattr__ = lazy_names(__name__, _HOMES)
