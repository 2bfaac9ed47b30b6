"""SIMD vectors as Numba types: sixteen float32 lanes, and masks of sixteen bits.

A row of a tile is one vector, so that kernels read like scalar code and compile to vector
instructions on every machine: LLVM splits the vector where registers are narrower. Comparisons
return masks, and `select` takes the place of branches. Arrays are C-contiguous float32 of any
shape; an index counts from their first element.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types  # noqa: TID253
from numba.core.typing.templates import (  # noqa: TID253
    ConcreteTemplate,
    infer_global,
    signature,
)
from numba.extending import intrinsic as numba_intrinsic  # noqa: TID253
from numba.extending import lower_builtin, models, register_model  # noqa: TID253

from gaussrep.kernels.jit import inline_jit

__all__ = [
    "I32",
    "VECTOR",
    "WIDTH",
    "broadcast",
    "call_llvm",
    "deinterleave",
    "exp",
    "fma",
    "fnma",
    "horizontal_sum",
    "interleave",
    "intrinsic",
    "iota",
    "load",
    "load_masked",
    "maximum",
    "minimum",
    "movemask",
    "select",
    "store",
    "store_masked",
]

WIDTH = 16

I32 = ir.IntType(32)
VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
BITS = ir.VectorType(ir.IntType(1), WIDTH)


register: Any = infer_global


class LanesType(types.Type):
    """Numba type of sixteen float32 lanes."""


class MaskType(types.Type):
    """Numba type of sixteen bits, one per lane."""


lanes = LanesType(name="float32x16")
mask = MaskType(name="bool16")


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, VECTOR)


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, BITS)


def _broadcast(builder: Any, value: Any, width: int = WIDTH) -> Any:
    """Copy a scalar to every lane; return a vector unchanged."""
    if isinstance(value.type, ir.VectorType):
        return value
    wide = ir.VectorType(value.type, width)
    first = builder.insert_element(ir.Constant(wide, ir.Undefined), value, I32(0))
    zeros = ir.Constant(ir.VectorType(I32, width), [0] * width)
    return builder.shuffle_vector(first, ir.Constant(wide, ir.Undefined), zeros)


def _define(function: Any, result: Any, emit: Any) -> None:
    """Define an operator on vectors, or on a vector and a float32 in either order."""
    orders = [(lanes, lanes), (lanes, types.float32), (types.float32, lanes)]

    class Operator(ConcreteTemplate):
        cases = tuple(signature(result, *order) for order in orders)

    register(function)(Operator)
    for order in orders:

        @lower_builtin(function, *order)
        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return emit(builder, *(_broadcast(builder, value) for value in args))


_define(operator.add, lanes, lambda b, x, y: b.fadd(x, y))
_define(operator.sub, lanes, lambda b, x, y: b.fsub(x, y))
_define(operator.mul, lanes, lambda b, x, y: b.fmul(x, y))
_define(operator.truediv, lanes, lambda b, x, y: b.fdiv(x, y))
_define(operator.gt, mask, lambda b, x, y: b.fcmp_ordered(">", x, y))
_define(operator.ge, mask, lambda b, x, y: b.fcmp_ordered(">=", x, y))
_define(operator.le, mask, lambda b, x, y: b.fcmp_ordered("<=", x, y))


@register(operator.and_)
class _And(ConcreteTemplate):
    cases = (signature(mask, mask, mask),)


@lower_builtin(operator.and_, mask, mask)
def _lower_and(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.and_(*args)


def call_llvm(builder: Any, name: str, result: Any, args: Any) -> Any:
    """Emit a call of an LLVM intrinsic.

    Args:
        builder: llvmlite's builder.
        name: Name of the intrinsic, such as `llvm.fmuladd.v16f32`.
        result: LLVM type of the result.
        args: LLVM values.

    Returns:
        The LLVM value of the result.
    """
    callee = ir.FunctionType(result, [value.type for value in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, callee, name), args)


def intrinsic(typing: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function for kernels that emits LLVM code itself.

    Args:
        typing: Gets the Numba types of the arguments; returns a signature and a function that emits
            the code, as for `numba.extending.intrinsic`.

    Returns:
        The function that kernels call.
    """
    return numba_intrinsic(typing)


@intrinsic
def fma(typingctx: Any, x: Any, y: Any, z: Any) -> Any:
    """Compute `x * y + z` of vectors and scalars, rounded once where the machine can."""
    wide = lanes in (x, y, z)
    result = lanes if wide else types.float32

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if not wide:
            return call_llvm(builder, "llvm.fmuladd.f32", ir.FloatType(), args)
        wide_args = [_broadcast(builder, value) for value in args]
        return call_llvm(builder, "llvm.fmuladd.v16f32", VECTOR, wide_args)

    return result(*(given if given == lanes else types.float32 for given in (x, y, z))), emit


@intrinsic
def fnma(typingctx: Any, x: Any, y: Any, z: Any) -> Any:
    """Compute `z - x * y` of vectors and scalars, rounded once where the machine can."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y, z = (_broadcast(builder, value) for value in args)
        return call_llvm(builder, "llvm.fmuladd.v16f32", VECTOR, [builder.fneg(x), y, z])

    return lanes(*(given if given == lanes else types.float32 for given in (x, y, z))), emit


@intrinsic
def select(typingctx: Any, where: Any, yes: Any, no: Any) -> Any:
    """Select `yes` in the lanes where a mask is set, `no` in the others."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(args[0], *(_broadcast(builder, value) for value in args[1:]))

    return lanes(mask, yes, no), emit


@intrinsic
def minimum(typingctx: Any, x: Any, y: Any) -> Any:
    """Compute the minimum of each lane."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (_broadcast(builder, value) for value in args)
        return builder.select(builder.fcmp_ordered("<", left, right), left, right)

    return lanes(x, y), emit


@intrinsic
def maximum(typingctx: Any, x: Any, y: Any) -> Any:
    """Compute the maximum of each lane."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (_broadcast(builder, value) for value in args)
        return builder.select(builder.fcmp_ordered(">", left, right), left, right)

    return lanes(x, y), emit


@intrinsic
def broadcast(typingctx: Any, value: Any) -> Any:
    """Copy a float32 to every lane."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _broadcast(builder, args[0])

    return lanes(types.float32), emit


@intrinsic
def iota(typingctx: Any) -> Any:
    """Return the lane numbers 0 to 15."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(VECTOR, [float(lane) for lane in range(WIDTH)])

    return lanes(), emit


@intrinsic
def movemask(typingctx: Any, where: Any) -> Any:
    """Convert a mask to an integer, lane 0 in the lowest bit."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.zext(builder.bitcast(args[0], ir.IntType(WIDTH)), ir.IntType(64))

    return types.int64(mask), emit


def _fold(builder: Any, left: Any, right: Any, size: int) -> Any:
    """Add neighboring blocks of `size` lanes and interleave the results of two vectors."""
    low = [lane for lane in range(2 * WIDTH) if lane // size % 2 == 0]
    half = len(low) // 2
    order = [
        lane
        for block in range(0, half, size)
        for lane in [*low[block : block + size], *low[half + block : half + block + size]]
    ]
    row = ir.VectorType(I32, WIDTH)
    even = builder.shuffle_vector(left, right, ir.Constant(row, order))
    odd = builder.shuffle_vector(left, right, ir.Constant(row, [lane + size for lane in order]))
    return builder.fadd(even, odd)


@intrinsic
def horizontal_sum(typingctx: Any, values: Any) -> Any:
    """Sum the lanes of each of up to sixteen vectors; lane i holds the sum of vector i, else 0."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows = list(cgutils.unpack_tuple(builder, args[0]))
        rows += [ir.Constant(VECTOR, [0.0] * WIDTH)] * (WIDTH - len(rows))
        for size in (1, 2, 4, 8):
            pairs = zip(rows[::2], rows[1::2], strict=True)
            rows = [_fold(builder, left, right, size) for left, right in pairs]
        return rows[0]

    return lanes(values), emit


ROW = ir.VectorType(I32, WIDTH)
ALIGNMENT = 4


def _pointer(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    array = context.make_array(sig.args[0])(context, builder, args[0])
    return builder.bitcast(builder.gep(array.data, [args[1]]), VECTOR.as_pointer())


def _first(builder: Any, count: Any) -> Any:
    """Mask the first `count` lanes; none where it is negative."""
    short = builder.trunc(count, I32)
    wide = builder.insert_element(ir.Constant(ROW, ir.Undefined), short, I32(0))
    wide = builder.shuffle_vector(wide, wide, ir.Constant(ROW, [0] * WIDTH))
    return builder.icmp_signed("<", ir.Constant(ROW, list(range(WIDTH))), wide)


@intrinsic
def load(typingctx: Any, array: Any, start: Any) -> Any:
    """Load sixteen floats from an index on."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_pointer(context, builder, sig, args), align=ALIGNMENT)

    return lanes(array, types.intp), emit


@intrinsic
def store(typingctx: Any, array: Any, start: Any, value: Any) -> Any:
    """Store sixteen floats from an index on."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _pointer(context, builder, sig, args), align=ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), emit


@intrinsic
def load_masked(typingctx: Any, array: Any, start: Any, count: Any) -> Any:
    """Load the first `count` of sixteen floats, zeros in the other lanes; any integer will do."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = [
            _pointer(context, builder, sig, args),
            I32(ALIGNMENT),
            _first(builder, args[2]),
            ir.Constant(VECTOR, [0.0] * WIDTH),
        ]
        return call_llvm(builder, "llvm.masked.load.v16f32.p0v16f32", VECTOR, given)

    return lanes(array, types.intp, types.intp), emit


@intrinsic
def store_masked(typingctx: Any, array: Any, start: Any, value: Any, count: Any) -> Any:
    """Store the first `count` of sixteen floats; any integer will do."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = [
            args[2],
            _pointer(context, builder, sig, args),
            I32(ALIGNMENT),
            _first(builder, args[3]),
        ]
        call_llvm(builder, "llvm.masked.store.v16f32.p0v16f32", ir.VoidType(), given)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes, types.intp), emit


def _pick(builder: Any, low: Any, high: Any, order: list[int]) -> Any:
    return builder.shuffle_vector(low, high, ir.Constant(ROW, order))


def _interleave(builder: Any, values: Any, part: int) -> Any:
    """Compute the `part`-th vector of the forty-eight floats r0 g0 b0 r1 g1 b1 and so on."""
    places = [divmod(part * WIDTH + lane, 3) for lane in range(WIDTH)]
    order = [pixel + WIDTH * min(channel, 1) for pixel, channel in places]
    two = _pick(builder, values[0], values[1], order)
    order = [
        pixel + WIDTH if channel == 2 else lane for lane, (pixel, channel) in enumerate(places)
    ]
    return _pick(builder, two, values[2], order)


def _channel(builder: Any, parts: Any, channel: int) -> Any:
    """Extract one channel of forty-eight interleaved floats."""
    places = [divmod(3 * pixel + channel, WIDTH) for pixel in range(WIDTH)]
    order = [lane + WIDTH * min(part, 1) for part, lane in places]
    two = _pick(builder, parts[0], parts[1], order)
    order = [lane + WIDTH if part == 2 else pixel for pixel, (part, lane) in enumerate(places)]
    return _pick(builder, two, parts[2], order)


@intrinsic
def interleave(typingctx: Any, red: Any, green: Any, blue: Any) -> Any:
    """Interleave three channels into pixels: forty-eight floats in three vectors."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [_interleave(builder, args, part) for part in range(3)]
        return context.make_tuple(builder, sig.return_type, values)

    return types.UniTuple(lanes, 3)(lanes, lanes, lanes), emit


@intrinsic
def deinterleave(typingctx: Any, first: Any, second: Any, third: Any) -> Any:
    """Split pixels into three channels, the inverse of `interleave`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [_channel(builder, args, channel) for channel in range(3)]
        return context.make_tuple(builder, sig.return_type, values)

    return types.UniTuple(lanes, 3)(lanes, lanes, lanes), emit


C0, C1, C2, C3, C4, C5 = (
    np.float32(0.9999999403953552),
    np.float32(0.12499911338090897),
    np.float32(0.007810738403350115),
    np.float32(0.00032420747447758913),
    np.float32(9.718831279315054e-06),
    np.float32(1.7910153360389813e-07),
)
"""Polynomial with the smallest relative error for exp(x / 8) on log(1 / 255) <= x <= 0."""


@inline_jit
def exp(x: Any) -> Any:
    """Compute `exp(x)` to 2e-6 relative for log(1 / 255) <= x <= 0; anything outside."""
    root = fma(x, C5, C4)
    root = fma(root, x, C3)
    root = fma(root, x, C2)
    root = fma(root, x, C1)
    root = fma(root, x, C0)
    root = root * root
    root = root * root
    return root * root
