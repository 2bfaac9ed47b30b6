"""The types of vectors and masks, their operators, and calls of LLVM."""

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
from numba.extending import intrinsic as numba_intrinsic  # noqa: TID253
from numba.extending import lower_builtin, models, register_model  # noqa: TID253

from gaussrep.kernels.processor import vector_width

WIDTH = vector_width()

I32 = ir.IntType(32)
VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
BITS = ir.VectorType(ir.IntType(1), WIDTH)
ROW = ir.VectorType(I32, WIDTH)

register: Any = infer_global

TRIED_FIRST = {"target": "cpu"}
"""Marks an operator's types so that Numba tries them before a dozen others."""


class LanesType(types.Type):
    """Numba type of `WIDTH` float32 lanes."""


class MaskType(types.Type):
    """Numba type of `WIDTH` bits, one per lane."""


lanes = LanesType(name=f"float32x{WIDTH}")
mask = MaskType(name=f"bool{WIDTH}")


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, VECTOR)


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, BITS)


def widen(builder: Any, value: Any) -> Any:
    """Copy a scalar to every lane; return a vector unchanged.

    Args:
        builder: llvmlite's builder.
        value: LLVM value.

    Returns:
        The LLVM value of a vector.
    """
    if isinstance(value.type, ir.VectorType):
        return value
    wide = ir.VectorType(value.type, WIDTH)
    first = builder.insert_element(ir.Constant(wide, ir.Undefined), value, I32(0))
    return builder.shuffle_vector(
        first, ir.Constant(wide, ir.Undefined), ir.Constant(ROW, [0] * WIDTH)
    )


def _define(function: Any, result: Any, emit: Any) -> None:
    """Define an operator on vectors, or on a vector and a float32 in either order."""
    orders = [(lanes, lanes), (lanes, types.float32), (types.float32, lanes)]

    class Operator(ConcreteTemplate):
        cases = tuple(signature(result, *order) for order in orders)
        metadata = TRIED_FIRST

    register(function)(Operator)
    for order in orders:

        @lower_builtin(function, *order)
        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return emit(builder, *(widen(builder, value) for value in args))


_define(operator.add, lanes, lambda b, x, y: b.fadd(x, y))
_define(operator.sub, lanes, lambda b, x, y: b.fsub(x, y))
_define(operator.mul, lanes, lambda b, x, y: b.fmul(x, y))
_define(operator.truediv, lanes, lambda b, x, y: b.fdiv(x, y))
_define(operator.gt, mask, lambda b, x, y: b.fcmp_ordered(">", x, y))
_define(operator.ge, mask, lambda b, x, y: b.fcmp_ordered(">=", x, y))
_define(operator.le, mask, lambda b, x, y: b.fcmp_ordered("<=", x, y))


def _define_on_masks(function: Any, emit: Any) -> None:
    class Operator(ConcreteTemplate):
        cases = (signature(mask, mask, mask),)
        metadata = TRIED_FIRST

    register(function)(Operator)

    @lower_builtin(function, mask, mask)
    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return emit(builder, *args)


_define_on_masks(operator.and_, lambda b, x, y: b.and_(x, y))
_define_on_masks(operator.or_, lambda b, x, y: b.or_(x, y))


def call_llvm(builder: Any, name: str, result: Any, args: Any) -> Any:
    """Emit a call of an LLVM intrinsic.

    Args:
        builder: llvmlite's builder.
        name: Name of the intrinsic, such as `llvm.fmuladd.f32`.
        result: LLVM type of the result.
        args: LLVM values.

    Returns:
        The LLVM value of the result.
    """
    callee = ir.FunctionType(result, [value.type for value in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, callee, name), args)


def mangle(name: str, vector: Any = VECTOR) -> str:
    """Spell the name of an LLVM intrinsic on vectors of float32.

    Args:
        name: Its name without types, such as `llvm.fmuladd`.
        vector: LLVM type of the vectors.

    Returns:
        The name with the type, such as `llvm.fmuladd.v8f32`.
    """
    return f"{name}.v{vector.count}f32"


def intrinsic(typing: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function for kernels that emits LLVM code itself.

    Args:
        typing: Gets the Numba types of the arguments; returns a signature and a function that emits
            the code, as for `numba.extending.intrinsic`.

    Returns:
        The function that kernels call.
    """
    return numba_intrinsic(typing)
