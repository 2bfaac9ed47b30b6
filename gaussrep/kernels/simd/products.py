"""Register-blocked products of float32 matrices, and transposes.

A tile computes `out[r] += sum_t a[r][t] * b[t]` for rows of `a` and `out` at arbitrary positions,
so gathering input rows and scattering output rows cost nothing extra. Its sums stay in registers.
"""

from collections.abc import Callable
from typing import Any, Literal

from llvmlite import ir
from numba.core import cgutils, types  # noqa: TID253

from gaussrep.kernels.simd.memory import ALIGNMENT, element
from gaussrep.kernels.simd.vectors import (
    ROW,
    VECTOR,
    WIDTH,
    call_llvm,
    intrinsic,
    mangle,
    widen,
)

I64 = ir.IntType(64)


class _Tile:
    """Emit the loop of one tile."""

    def __init__(self, builder: Any, width: int, out: Any, starts: list[Any]) -> None:
        self.builder, self.width = builder, width
        self.rows = [builder.gep(out, [start]) for start in starts]
        self.sums = [[cgutils.alloca_once(builder, VECTOR) for _ in range(width)] for _ in starts]

    def lane(self, row: Any, number: int) -> Any:
        place = self.builder.gep(row, [I64(WIDTH * number)])
        return self.builder.bitcast(place, VECTOR.as_pointer())

    def load(self) -> None:
        for row, sums in zip(self.rows, self.sums, strict=True):
            for number, total in enumerate(sums):
                value = self.builder.load(self.lane(row, number), align=ALIGNMENT)
                self.builder.store(value, total)

    def clear(self) -> None:
        for sums in self.sums:
            for total in sums:
                self.builder.store(ir.Constant(VECTOR, [0.0] * WIDTH), total)

    def add(self) -> None:
        for row, sums in zip(self.rows, self.sums, strict=True):
            for number, total in enumerate(sums):
                before = self.builder.load(self.lane(row, number), align=ALIGNMENT)
                self.builder.store(self.builder.fadd(before, self.builder.load(total)), total)

    def multiply(self, left: list[Any], right: Any) -> None:
        lanes = [
            self.builder.load(self.lane(right, number), align=ALIGNMENT)
            for number in range(self.width)
        ]
        for place, sums in zip(left, self.sums, strict=True):
            factor = widen(self.builder, self.builder.load(place))
            for lane, total in zip(lanes, sums, strict=True):
                terms = [factor, lane, self.builder.load(total)]
                updated = call_llvm(self.builder, mangle("llvm.fmuladd"), VECTOR, terms)
                self.builder.store(updated, total)

    def store(self) -> None:
        for row, sums in zip(self.rows, self.sums, strict=True):
            for number, total in enumerate(sums):
                value = self.builder.load(total)
                self.builder.store(value, self.lane(row, number), align=ALIGNMENT)


def make_product(
    height: int,
    width: int,
    *,
    listed: bool = False,
    out: Literal["first", "last", "replaced"] = "first",
) -> Callable[..., None]:
    """Make a function that computes the products of one tile.

    The function takes the left factors `a`, the start of each row of the tile in them, the stride
    between terms in `a`; the right factors `b`, their start, the stride between terms in `b`; the
    sums `out`, the start of each row of the tile in them; and the number of terms. `a`, `b` and
    `out` are float32 arrays, counted flat; rows are arrays of `height` integers.

    Args:
        height: Rows of a tile.
        width: Vectors of a row; `height * width` sums should fit the registers.
        listed: Whether `b` has an array of the terms' starts in the place of the stride.
        out: Whether the values in `out` are the first or the last terms of the sums, or are
            replaced. If they are last, no tile waits for memory before it multiplies.

    Returns:
        The function for kernels.
    """

    @intrinsic
    def tile(
        typingctx: Any,
        a: Any,
        a_rows: Any,
        a_step: Any,
        b: Any,
        b_start: Any,
        b_step: Any,
        sums: Any,
        sum_rows: Any,
        count: Any,
    ) -> Any:
        def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            def data(number: int) -> Any:
                return context.make_array(sig.args[number])(context, builder, args[number]).data

            def starts(number: int) -> list[Any]:
                places = data(number)
                return [builder.load(builder.gep(places, [I64(r)])) for r in range(height)]

            state = _Tile(builder, width, data(6), starts(7))
            left = [builder.gep(data(0), [start]) for start in starts(1)]
            right = builder.gep(data(3), [args[4]])
            if out == "first":
                state.load()
            else:
                state.clear()
            with cgutils.for_range(builder, args[8]) as loop:
                along = builder.mul(loop.index, args[2])
                factors = [builder.gep(row, [along]) for row in left]
                if listed:
                    term = builder.load(builder.gep(data(5), [loop.index]))
                else:
                    term = builder.mul(loop.index, args[5])
                state.multiply(factors, builder.gep(right, [term]))
            if out == "last":
                state.add()
            state.store()
            return context.get_dummy_value()

        n = types.intp
        step = b_step if listed else n
        return types.void(a, a_rows, n, b, n, step, sums, sum_rows, n), emit

    return tile


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Transpose `WIDTH` vectors by exchanging ever larger blocks of lanes."""
    size = 1
    while size < WIDTH:
        low = [lane if not lane & size else lane - size + WIDTH for lane in range(WIDTH)]
        high = [lane + size for lane in low]
        exchanged = list(rows)
        for first in range(WIDTH):
            if not first & size:
                left, right = rows[first], rows[first + size]
                for place, order in ((first, low), (first + size, high)):
                    exchanged[place] = builder.shuffle_vector(left, right, ir.Constant(ROW, order))
        rows, size = exchanged, 2 * size
    return rows


@intrinsic
def transpose(
    typingctx: Any,
    source: Any,
    start: Any,
    step: Any,
    target: Any,
    target_start: Any,
    target_step: Any,
) -> Any:
    """Copy a transposed matrix of `WIDTH` rows and columns.

    Args:
        source: C-contiguous float32 array of any shape, read.
        start: Flat index of the first float of its matrix.
        step: Floats from the start of a row to that of the next.
        target: C-contiguous float32 array of any shape, written.
        target_start: Flat index of the first float of its matrix.
        target_step: Floats from the start of a row to that of the next.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def row(first: Any, step: Any, number: int) -> Any:
            place = builder.gep(first, [builder.mul(step, I64(number))])
            return builder.bitcast(place, VECTOR.as_pointer())

        given = element(context, builder, sig, args)
        rows = [
            builder.load(row(given, args[2], number), align=ALIGNMENT) for number in range(WIDTH)
        ]
        struct = context.make_array(sig.args[3])(context, builder, args[3])
        first = builder.gep(struct.data, [args[4]])
        for number, value in enumerate(_transposed(builder, rows)):
            builder.store(value, row(first, args[5], number), align=ALIGNMENT)
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, n, target, n, n), emit
