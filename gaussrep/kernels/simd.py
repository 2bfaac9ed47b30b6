"""`Lanes`: sixteen float32 numbers side by side, as a Numba type.

One row of a tile is one such value, so that kernels read like scalar code and still come out as
vector instructions on every machine: LLVM splits the vector where registers are narrower.
Comparisons give a mask of sixteen truth values, and `select` takes the place of branches.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types  # noqa: TID253
from numba.core.typing.templates import (  # noqa: TID253
    ConcreteTemplate,
    infer_global,
    signature,
)
from numba.extending import intrinsic, lower_builtin, models, register_model  # noqa: TID253

WIDTH = 16

I32 = ir.IntType(32)
VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
BITS = ir.VectorType(ir.IntType(1), WIDTH)


register: Any = infer_global


class LanesType(types.Type):
    """Type of sixteen float32 numbers."""


class MaskType(types.Type):
    """Type of sixteen truth values."""


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


def _spread(builder: Any, value: Any, width: int = WIDTH) -> Any:
    """A scalar in every lane; a vector as it is."""
    if isinstance(value.type, ir.VectorType):
        return value
    wide = ir.VectorType(value.type, width)
    first = builder.insert_element(ir.Constant(wide, ir.Undefined), value, I32(0))
    zeros = ir.Constant(ir.VectorType(I32, width), [0] * width)
    return builder.shuffle_vector(first, ir.Constant(wide, ir.Undefined), zeros)


def _define(function: Any, result: Any, emit: Any) -> None:
    """Give an operator a meaning on lanes, or on lanes and a float32 in either order."""
    orders = [(lanes, lanes), (lanes, types.float32), (types.float32, lanes)]

    class Operator(ConcreteTemplate):
        cases = tuple(signature(result, *order) for order in orders)

    register(function)(Operator)
    for order in orders:

        @lower_builtin(function, *order)
        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return emit(builder, *(_spread(builder, value) for value in args))


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


def call(builder: Any, name: str, result: Any, args: Any) -> Any:
    """Call an LLVM intrinsic."""
    callee = ir.FunctionType(result, [value.type for value in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, callee, name), args)


def instruction(typing: Callable[..., Any]) -> Callable[..., Any]:
    """A function that kernels call by the types of its arguments, and that emits LLVM itself."""
    return intrinsic(typing)


@instruction
def fma(typingctx: Any, x: Any, y: Any, z: Any) -> Any:
    """`x * y + z`, rounded once where the machine can; of lanes and scalars, or of scalars."""
    wide = lanes in (x, y, z)
    result = lanes if wide else types.float32

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if not wide:
            return call(builder, "llvm.fmuladd.f32", ir.FloatType(), args)
        spread = [_spread(builder, value) for value in args]
        return call(builder, "llvm.fmuladd.v16f32", VECTOR, spread)

    return result(*(given if given == lanes else types.float32 for given in (x, y, z))), emit


@instruction
def fnma(typingctx: Any, x: Any, y: Any, z: Any) -> Any:
    """`z - x * y`, rounded once where the machine can; of lanes and scalars."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y, z = (_spread(builder, value) for value in args)
        return call(builder, "llvm.fmuladd.v16f32", VECTOR, [builder.fneg(x), y, z])

    return lanes(*(given if given == lanes else types.float32 for given in (x, y, z))), emit


@instruction
def select(typingctx: Any, where: Any, yes: Any, no: Any) -> Any:
    """`yes` in the lanes where a mask is true, `no` in the others."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(args[0], *(_spread(builder, value) for value in args[1:]))

    return lanes(mask, yes, no), emit


@instruction
def minimum(typingctx: Any, x: Any, y: Any) -> Any:
    """The smaller one, lane by lane."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (_spread(builder, value) for value in args)
        return builder.select(builder.fcmp_ordered("<", left, right), left, right)

    return lanes(x, y), emit


@instruction
def maximum(typingctx: Any, x: Any, y: Any) -> Any:
    """The larger one, lane by lane."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (_spread(builder, value) for value in args)
        return builder.select(builder.fcmp_ordered(">", left, right), left, right)

    return lanes(x, y), emit


@instruction
def spread(typingctx: Any, value: Any) -> Any:
    """A float32 in every lane."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _spread(builder, args[0])

    return lanes(types.float32), emit


@instruction
def ramp(typingctx: Any) -> Any:
    """The numbers 0 to 15."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(VECTOR, [float(lane) for lane in range(WIDTH)])

    return lanes(), emit


@instruction
def bits(typingctx: Any, where: Any) -> Any:
    """A mask as an integer, lane 0 in the lowest bit."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.zext(builder.bitcast(args[0], ir.IntType(WIDTH)), ir.IntType(64))

    return types.int64(mask), emit


def _fold(builder: Any, left: Any, right: Any, size: int) -> Any:
    """Add neighboring blocks of `size` lanes and interleave the two results."""
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


@instruction
def sums(typingctx: Any, values: Any) -> Any:
    """The sums over the lanes of up to sixteen values, side by side; zero in the lanes beyond."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows = list(cgutils.unpack_tuple(builder, args[0]))
        rows += [ir.Constant(VECTOR, [0.0] * WIDTH)] * (WIDTH - len(rows))
        for size in (1, 2, 4, 8):
            pairs = zip(rows[::2], rows[1::2], strict=True)
            rows = [_fold(builder, left, right, size) for left, right in pairs]
        return rows[0]

    return lanes(values), emit
