"""Register-blocked matrix products of float32 tiles, and the division of columns into panels.

A tile computes `out[r] += sum_t a[r][t] * b[t]` for rows of `a` and `out` at arbitrary positions,
so gathering input rows and scattering output rows cost nothing extra. The size of a tile depends on
the registers of the machine: with 16 lanes (AVX-512), up to 24 of 32 hold sums; elsewhere 12 of 16.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types  # noqa: TID253

from gaussrep.kernels import inline_jit
from gaussrep.kernels.simd import I32, VECTOR, WIDTH, call_llvm, intrinsic, mangle

I64 = ir.IntType(64)
ALIGNMENT = 4
WIDEST = 4 if WIDTH == 16 else 2
"""Largest width of a tile, in lanes."""
HEIGHTS = (0, 12, 12, 8, 6) if WIDTH == 16 else (0, 12, 6)
"""Rows of a tile, by its width in lanes."""
TALLEST = max(HEIGHTS)


def _broadcast(builder: Any, value: Any) -> Any:
    undef = ir.Constant(VECTOR, ir.Undefined)
    zeros = ir.Constant(ir.VectorType(I32, WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(builder.insert_element(undef, value, I32(0)), undef, zeros)


class _Tile:
    """Emit the loop for one width."""

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

    def multiply(self, left: list[Any], right: Any) -> None:
        lanes = [
            self.builder.load(self.lane(right, number), align=ALIGNMENT)
            for number in range(self.width)
        ]
        for place, sums in zip(left, self.sums, strict=True):
            factor = _broadcast(self.builder, self.builder.load(place))
            for lane, total in zip(lanes, sums, strict=True):
                terms = [factor, lane, self.builder.load(total)]
                updated = call_llvm(self.builder, mangle("llvm.fmuladd"), VECTOR, terms)
                self.builder.store(updated, total)

    def store(self) -> None:
        for row, sums in zip(self.rows, self.sums, strict=True):
            for number, total in enumerate(sums):
                value = self.builder.load(total)
                self.builder.store(value, self.lane(row, number), align=ALIGNMENT)


def _make(width: int) -> Callable[..., None]:
    height = HEIGHTS[width]

    @intrinsic
    def tile(
        typingctx: Any,
        a: Any,
        a_rows: Any,
        a_step: Any,
        b: Any,
        b_start: Any,
        b_step: Any,
        out: Any,
        out_rows: Any,
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
            state.load()
            with cgutils.for_range(builder, args[8]) as loop:
                along = builder.mul(loop.index, args[2])
                factors = [builder.gep(row, [along]) for row in left]
                state.multiply(factors, builder.gep(right, [builder.mul(loop.index, args[5])]))
            state.store()
            return context.get_dummy_value()

        n = types.intp
        return types.void(a, a_rows, n, b, n, n, out, out_rows, n), emit

    return tile


_tiles = [_make(width) for width in range(1, WIDEST + 1)]
_tile_1, _tile_2, _tile_3, _tile_4 = (_tiles[min(width, WIDEST) - 1] for width in range(1, 5))


@inline_jit
def multiply_tile(width, a, a_rows, a_step, b, b_start, b_step, out, out_rows, count):  # type: ignore[no-untyped-def]
    """Add the products of one tile.

    Args:
        width: Lanes of the tile.
        a: Left factors, flat float32.
        a_rows: Start of each row of the tile in `a`, `HEIGHTS[width]` numbers.
        a_step: Stride between terms in `a`.
        b: Right factors, flat float32.
        b_start: Start of the right factors in `b`.
        b_step: Stride between terms in `b`.
        out: Sums, flat float32.
        out_rows: Start of each row of the tile in `out`.
        count: Number of terms.
    """
    if width == 1:
        _tile_1(a, a_rows, a_step, b, b_start, b_step, out, out_rows, count)
    elif width == 2:
        _tile_2(a, a_rows, a_step, b, b_start, b_step, out, out_rows, count)
    elif width == 3:
        _tile_3(a, a_rows, a_step, b, b_start, b_step, out, out_rows, count)
    else:
        _tile_4(a, a_rows, a_step, b, b_start, b_step, out, out_rows, count)


def panels(columns: int) -> np.ndarray:
    """Divide columns evenly into panels of at most the width of a tile.

    Args:
        columns: Number of columns; the last lane may be partly used.

    Returns:
        First lane of each panel, and at the end the number of lanes, int64.
    """
    lanes = -(-columns // WIDTH)
    count = -(-lanes // WIDEST)
    return np.arange(count + 1) * lanes // count
