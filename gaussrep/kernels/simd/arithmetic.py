"""Arithmetic of each lane."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types  # noqa: TID253

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.processor import is_x86, register_width
from gaussrep.kernels.simd.vectors import (
    VECTOR,
    WIDTH,
    call_llvm,
    intrinsic,
    lanes,
    mangle,
    mask,
    widen,
)


@intrinsic
def fma(typingctx: Any, x: Any, y: Any, z: Any) -> Any:
    """Compute `x * y + z` of vectors and scalars, rounded once where the machine can."""
    wide = lanes in (x, y, z)
    result = lanes if wide else types.float32

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if not wide:
            return call_llvm(builder, "llvm.fmuladd.f32", ir.FloatType(), args)
        wide_args = [widen(builder, value) for value in args]
        return call_llvm(builder, mangle("llvm.fmuladd"), VECTOR, wide_args)

    return result(*(given if given == lanes else types.float32 for given in (x, y, z))), emit


@intrinsic
def fnma(typingctx: Any, x: Any, y: Any, z: Any) -> Any:
    """Compute `z - x * y` of vectors and scalars, rounded once where the machine can."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y, z = (widen(builder, value) for value in args)
        return call_llvm(builder, mangle("llvm.fmuladd"), VECTOR, [builder.fneg(x), y, z])

    return lanes(*(given if given == lanes else types.float32 for given in (x, y, z))), emit


@intrinsic
def select(typingctx: Any, where: Any, yes: Any, no: Any) -> Any:
    """Select `yes` in the lanes where a mask is set, `no` in the others."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(args[0], *(widen(builder, value) for value in args[1:]))

    return lanes(mask, yes, no), emit


@intrinsic
def minimum(typingctx: Any, x: Any, y: Any) -> Any:
    """Compute the minimum of each lane."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (widen(builder, value) for value in args)
        return builder.select(builder.fcmp_ordered("<", left, right), left, right)

    return lanes(x, y), emit


@intrinsic
def maximum(typingctx: Any, x: Any, y: Any) -> Any:
    """Compute the maximum of each lane."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (widen(builder, value) for value in args)
        return builder.select(builder.fcmp_ordered(">", left, right), left, right)

    return lanes(x, y), emit


HAS_ESTIMATE = is_x86() and register_width() >= WIDTH
"""Whether one instruction estimates the reciprocals of a vector, to at least 11 bits."""


def _estimate_reciprocal(builder: Any, value: Any) -> Any:
    if WIDTH == 16:
        given = [value, ir.Constant(VECTOR, ir.Undefined), ir.IntType(16)(-1)]
        return call_llvm(builder, "llvm.x86.avx512.rcp14.ps.512", VECTOR, given)
    name = "llvm.x86.avx.rcp.ps.256" if WIDTH == 8 else "llvm.x86.sse.rcp.ps"
    return call_llvm(builder, name, VECTOR, [value])


@intrinsic
def reciprocal(typingctx: Any, value: Any) -> Any:
    """Compute 1 / value for 1e-30 < value < 1e30, to 3e-7 relative.

    Where the machine estimates reciprocals, one Newton step refines the estimate.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        ones = ir.Constant(VECTOR, [1.0] * WIDTH)
        if not HAS_ESTIMATE:
            return builder.fdiv(ones, args[0])
        estimate = _estimate_reciprocal(builder, args[0])
        terms = [builder.fneg(args[0]), estimate, ones]
        error = call_llvm(builder, mangle("llvm.fmuladd"), VECTOR, terms)
        terms = [estimate, error, estimate]
        return call_llvm(builder, mangle("llvm.fmuladd"), VECTOR, terms)

    return lanes(lanes), emit


EXP_COEFFICIENTS = np.array(
    [
        0.9999999403953552,
        0.12499911338090897,
        0.007810738403350115,
        0.00032420747447758913,
        9.718831279315054e-06,
        1.7910153360389813e-07,
    ],
    np.float32,
)
"""Polynomial with the smallest relative error for exp(x / 8) on log(1 / 255) <= x <= 0."""


@inline_jit
def exp(x: Any, coefficients: Any) -> Any:
    """Compute `exp(x)` to 2e-6 relative for log(1 / 255) <= x <= 0; anything outside.

    Args:
        x: Exponents.
        coefficients: The six `EXP_COEFFICIENTS`, each in every lane; loaded before a loop, they
            stay in registers.

    Returns:
        The exponentials.
    """
    c0, c1, c2, c3, c4, c5 = coefficients
    root = fma(x, c5, c4)
    root = fma(root, x, c3)
    root = fma(root, x, c2)
    root = fma(root, x, c1)
    root = fma(root, x, c0)
    root = root * root
    root = root * root
    return root * root
