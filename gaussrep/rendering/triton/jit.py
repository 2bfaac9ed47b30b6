"""Decorators of functions that Triton compiles, or interprets if `TRITON_INTERPRET=1` is set."""

from collections.abc import Callable
from inspect import unwrap
from typing import Any

import triton

SIZES = ("views", "count", "color_views", "width", "height", "columns", "rows", "most")
"""Arguments of kernels for whose values Triton must not compile kernels of their own."""


def kernel(function: Callable[..., Any]) -> Any:
    """Make a kernel, `function[grid](...)`.

    Triton reads the source of the function, so that it must be the function itself and not what the
    shape checks of a test run wrap around it.

    Args:
        function: Python code within Triton's language.

    Returns:
        The kernel.
    """
    return triton.jit(do_not_specialize=SIZES)(unwrap(function))


def inline_jit(function: Callable[..., Any]) -> Any:
    """Make a function that kernels call.

    Args:
        function: Python code within Triton's language.

    Returns:
        The function, which is compiled into the kernels.
    """
    return triton.jit(unwrap(function))
