"""Arithmetic of each lane."""

from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types  # noqa: TID253

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.processor import is_x86, register_width
from gaussrep.kernels.simd.vectors import (
    ROW,
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
    """Compute `x * y + z` of vectors and scalars, rounded once if the machine can.

    Args:
        x: First factor, float32 [WIDTH] or a scalar.
        y: Second factor, likewise.
        z: Summand, likewise.

    Returns:
        Vector, float32 [WIDTH]; a scalar if all arguments are scalars.
    """
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
    """Compute `z - x * y` of vectors and scalars, rounded once if the machine can.

    Args:
        x: First factor, float32 [WIDTH] or a scalar.
        y: Second factor, likewise.
        z: Minuend, likewise.

    Returns:
        Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y, z = (widen(builder, value) for value in args)
        return call_llvm(builder, mangle("llvm.fmuladd"), VECTOR, [builder.fneg(x), y, z])

    return lanes(*(given if given == lanes else types.float32 for given in (x, y, z))), emit


@intrinsic
def select(typingctx: Any, where: Any, yes: Any, no: Any) -> Any:
    """Select `yes` in the lanes where a mask is set, `no` in the others.

    Args:
        where: Mask, bool [WIDTH].
        yes: Values where it is set, float32 [WIDTH] or a scalar.
        no: Values elsewhere, likewise.

    Returns:
        Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(args[0], *(widen(builder, value) for value in args[1:]))

    return lanes(mask, yes, no), emit


@intrinsic
def minimum(typingctx: Any, x: Any, y: Any) -> Any:
    """Compute the minimum of each lane; of scalars, what Python's `min` returns.

    Args:
        x: Vector, float32 [WIDTH], or a scalar.
        y: Likewise; its lane is taken if one of the two is NaN.

    Returns:
        Vector, float32 [WIDTH]; of scalars, a scalar of their common type.
    """
    return _choose("<", typingctx, x, y)


@intrinsic
def maximum(typingctx: Any, x: Any, y: Any) -> Any:
    """Compute the maximum of each lane; of scalars, what Python's `max` returns.

    Args:
        x: Vector, float32 [WIDTH], or a scalar.
        y: Likewise; its lane is taken if one of the two is NaN.

    Returns:
        Vector, float32 [WIDTH]; of scalars, a scalar of their common type.
    """
    return _choose(">", typingctx, x, y)


def _choose(comparison: str, typingctx: Any, x: Any, y: Any) -> Any:
    """Type and emit a choice; Numba would compile a function for each type of Python's."""
    if lanes in (x, y):
        return lanes(x, y), partial(_choose_lanes, comparison)
    both = typingctx.unify_types(types.unliteral(x), types.unliteral(y))
    return both(both, both), partial(_choose_scalar, comparison)


def _choose_lanes(comparison: str, context: Any, builder: Any, sig: Any, args: Any) -> Any:
    left, right = (widen(builder, value) for value in args)
    return builder.select(builder.fcmp_ordered(comparison, left, right), left, right)


def _choose_scalar(comparison: str, context: Any, builder: Any, sig: Any, args: Any) -> Any:
    left, right = args
    if isinstance(sig.return_type, types.Float):
        is_right = builder.fcmp_ordered(comparison, right, left)
    elif sig.return_type.signed:
        is_right = builder.icmp_signed(comparison, right, left)
    else:
        is_right = builder.icmp_unsigned(comparison, right, left)
    return builder.select(is_right, right, left)


@intrinsic
def sqrt(typingctx: Any, value: Any) -> Any:
    """Compute the square root of each lane, NaN where it is negative.

    Args:
        value: Vector, float32 [WIDTH].

    Returns:
        Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return call_llvm(builder, mangle("llvm.sqrt"), VECTOR, args)

    return lanes(lanes), emit


@intrinsic
def absolute(typingctx: Any, value: Any) -> Any:
    """Compute the absolute value of each lane.

    Args:
        value: Vector, float32 [WIDTH].

    Returns:
        Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return call_llvm(builder, mangle("llvm.fabs"), VECTOR, args)

    return lanes(lanes), emit


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

    If the machine estimates reciprocals, one Newton step refines the estimate.

    Args:
        value: Vector, float32 [WIDTH].

    Returns:
        Vector, float32 [WIDTH].
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


@intrinsic
def is_positive(typingctx: Any, value: Any) -> Any:
    """Mask the lanes whose sign bit is not set, by an operation on integers.

    Most machines have more units for these than for comparisons of floats.

    Args:
        value: Vector, float32 [WIDTH].

    Returns:
        Mask, bool [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], ROW)
        return builder.icmp_signed(">", bits, ir.Constant(ROW, [-1] * WIDTH))

    return mask(lanes), emit


@intrinsic
def _shift_exponent(typingctx: Any, value: Any, rounded: Any) -> Any:
    """Multiply by two to the power of the integer in the lowest bits of `rounded`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits, power = (builder.bitcast(given, ROW) for given in args)
        power = builder.shl(power, ir.Constant(ROW, [MANTISSA_BITS] * WIDTH))
        return builder.bitcast(builder.add(bits, power), VECTOR)

    return lanes(lanes, lanes), emit


MANTISSA_BITS = 23

EXP2_COEFFICIENTS = np.array(
    [
        0.9999992847442627,
        0.6931217908859253,
        0.240247443318367,
        0.05591785907745361,
        0.009570102207362652,
    ],
    np.float32,
)
"""Polynomial with the smallest relative error for 2 ** x on -0.5 <= x <= 0.5."""

ROUNDER = np.float32(3 << 22)
"""Added to a number, it leaves no bits for a fraction: the sum's lowest bits are an integer."""


@inline_jit
def exp2(x: Any, rounder: Any, coefficients: Any) -> Any:
    """Compute `2 ** x` to 3e-6 relative for -100 <= x <= 100; anything outside.

    Args:
        x: Exponents.
        rounder: `ROUNDER` in every lane.
        coefficients: The five `EXP2_COEFFICIENTS`, each in every lane; loaded before a loop, they
            stay in registers. Those of a multiple compute that multiple.

    Returns:
        The powers.
    """
    c0, c1, c2, c3, c4 = coefficients
    rounded = x + rounder
    rest = x - (rounded - rounder)
    power = fma(rest, c4, c3)
    power = fma(rest, power, c2)
    power = fma(rest, power, c1)
    return _shift_exponent(fma(rest, power, c0), rounded)
