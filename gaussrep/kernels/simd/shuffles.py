"""Exchange between lanes: broadcasts, masks as integers, and sums over lanes."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types  # noqa: TID253

from gaussrep.kernels.simd.memory import ALIGNMENT, element
from gaussrep.kernels.simd.vectors import (
    ROW,
    VECTOR,
    WIDTH,
    call_llvm,
    intrinsic,
    lanes,
    mask,
    widen,
)

GRANULE = 4
"""Lanes that every machine shuffles cheaply: those of a register of 128 bits."""


@intrinsic
def broadcast(typingctx: Any, value: Any) -> Any:
    """Copy a float32 to every lane.

    Args:
        value: Scalar, float32.

    Returns:
        Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return widen(builder, args[0])

    return lanes(types.float32), emit


@intrinsic
def iota(typingctx: Any) -> Any:
    """Return the lane numbers 0 to `WIDTH - 1`.

    Returns:
        Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(VECTOR, [float(lane) for lane in range(WIDTH)])

    return lanes(), emit


@intrinsic
def movemask(typingctx: Any, where: Any) -> Any:
    """Convert a mask to an integer, lane 0 in the lowest bit.

    Args:
        where: Mask, bool [WIDTH].

    Returns:
        Integer, int64, from 0 to 2**WIDTH - 1.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.zext(builder.bitcast(args[0], ir.IntType(WIDTH)), ir.IntType(64))

    return types.int64(mask), emit


@intrinsic
def count_trailing_zeros(typingctx: Any, bits: Any) -> Any:
    """Count the zeros below the lowest bit that is set.

    Args:
        bits: Integer other than 0, int64.

    Returns:
        Number of zeros, int64.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = [args[0], ir.IntType(1)(1)]
        return call_llvm(builder, "llvm.cttz.i64", ir.IntType(64), given)

    return types.int64(types.int64), emit


def _fold_orders() -> list[tuple[list[int], int]]:
    """Steps of `_sum_lanes`: lanes of two vectors, numbered on, and how far behind their partners.

    Two steps work within granules, (l0 r0 l1 r1) + (l2 r2 l3 r3) and then halves of two such
    vectors; the others add every other granule to the next one.
    """
    starts, sides = range(0, WIDTH, GRANULE), (0, WIDTH)
    pairs = [start + lane + side for start in starts for lane in (0, 1) for side in sides]
    halves = [start + side + lane for start in starts for side in sides for lane in (0, 1)]
    granules = [
        side + start + lane for side in sides for start in starts[::2] for lane in range(GRANULE)
    ]
    whole = (WIDTH // GRANULE).bit_length() - 1
    return [(pairs, 2), (halves, 2), *[(granules, GRANULE)] * whole]


def _sum_lanes(builder: Any, rows: list[Any]) -> Any:
    """Sum the lanes of each of `WIDTH` vectors; lane i holds the sum of vector i."""
    for order, distance in _fold_orders():
        partners = [lane + distance for lane in order]
        rows = [
            builder.fadd(
                builder.shuffle_vector(left, right, ir.Constant(ROW, order)),
                builder.shuffle_vector(left, right, ir.Constant(ROW, partners)),
            )
            for left, right in zip(rows[::2], rows[1::2], strict=True)
        ]
    return rows[0]


@intrinsic
def store_sums(typingctx: Any, array: Any, start: Any, values: Any) -> Any:
    """Sum the lanes of each of a tuple of vectors, and store the sums from an index on.

    Zeros follow up to a multiple of `WIDTH`.

    Args:
        array: C-contiguous float32 array of any shape.
        start: Flat index of the first sum.
        values: Tuple of vectors, float32 [WIDTH] each.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows = list(cgutils.unpack_tuple(builder, args[2]))
        rows += [ir.Constant(VECTOR, [0.0] * WIDTH)] * (-len(rows) % WIDTH)
        place = builder.bitcast(element(context, builder, sig, args), VECTOR.as_pointer())
        for part in range(len(rows) // WIDTH):
            total = _sum_lanes(builder, rows[part * WIDTH : (part + 1) * WIDTH])
            address = builder.gep(place, [ir.IntType(64)(part)])
            builder.store(total, address, align=ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, values), emit
