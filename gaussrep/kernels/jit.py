"""Compilation of CPU kernels by Numba."""

import inspect
from collections.abc import Callable
from typing import Any

import numba  # noqa: TID253

from gaussrep.kernels.cache import KernelCache

PART: dict[str, Any] = {
    "error_model": "numpy",
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}

njit: Any = numba.njit


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on its first call; without the GIL, and kept for the next process.

    No fast-math flag is set: multiply-adds are written out, so that the forward and the backward
    pass, compiled apart, round alike and skip the same pixels. Checks of types at run time, which
    tests wrap round every function, are taken off first.
    """
    compiled = njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)(
        inspect.unwrap(function)
    )
    compiled._cache = KernelCache(compiled)
    return compiled


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that kernels call: compiled into each of them, and never on its own.

    It makes no arrays and keeps none, so that no time goes into counting references. Numba compiles
    it anew for every combination of argument types, and a constant is a type of its own: callers
    pass integers of one width, and flags that it can look up are not passed.
    """
    return njit(_nrt=False, **PART)(inspect.unwrap(function))


def making_part(function: Callable[..., Any]) -> Callable[..., Any]:
    """A `part` that makes arrays."""
    return njit(**PART)(inspect.unwrap(function))
