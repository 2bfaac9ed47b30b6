"""Compilation of CPU kernels by Numba."""

import inspect
from collections.abc import Callable
from typing import Any

import numba  # noqa: TID253

from gaussrep.kernels.ahead import wait_for
from gaussrep.kernels.cache import KernelCache
from gaussrep.kernels.compiler import InlineCompiler, KernelCompiler

INLINE_OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": InlineCompiler,
}

njit: Any = numba.njit


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on its first call; without the GIL, and cached on disk.

    No fast-math flag is set: multiply-adds are written out, so that the forward and the backward
    pass, compiled apart, round alike and skip the same pixels. Type checks at run time, in which
    tests wrap every function, are removed.

    Args:
        function: Takes arrays, numbers and named tuples of them.

    Returns:
        The compiled function.
    """
    options = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    compiled = njit(pipeline_class=KernelCompiler, **options)(inspect.unwrap(function))
    compiled._cache = KernelCache(compiled, wait_for)
    return compiled


def inline_jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function that is inlined into the kernels that call it.

    It must not create or keep arrays, so that no time goes into reference counting. Numba compiles
    it for every combination of argument types, and a constant is a type of its own: callers pass
    integers of one width, and no flags that the function can look up.

    Args:
        function: Called by kernels and other inlined functions.

    Returns:
        The function for kernels.
    """
    return njit(_nrt=False, **INLINE_OPTIONS)(inspect.unwrap(function))


def inline_jit_alloc(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark an inlined function that creates arrays; see `inline_jit`.

    Args:
        function: Called by kernels and other inlined functions.

    Returns:
        The function for kernels.
    """
    return njit(**INLINE_OPTIONS)(inspect.unwrap(function))
