"""Register-blocked matrix products of float32 tiles."""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba.core import cgutils, types  # noqa: TID253

from gaussrep.kernels import I32, VECTOR, WIDTH, call_llvm, inline_jit, intrinsic

I64 = ir.IntType(64)
ALIGNMENT = 4
HAS_AVX512 = bool(binding.get_host_cpu_features().get("avx512f", False))
WIDEST = 4 if HAS_AVX512 else 1
"""Lanes that a tile is wide at most."""
HEIGHTS = (0, 12, 12, 8, 6) if HAS_AVX512 else (0, 6)
"""Rows of a tile, by its width in lanes."""
TALLEST = max(HEIGHTS)


def _spread(builder: Any, value: Any) -> Any:
    nothing = ir.Constant(VECTOR, ir.Undefined)
    zeros = ir.Constant(ir.VectorType(I32, WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(builder.insert_element(nothing, value, I32(0)), nothing, zeros)


class _Tile:
    """Emits the loop for one width."""

    def __init__(self, builder: Any, width: int, out: Any, starts: list[Any]) -> None:
        self.builder, self.width = builder, width
        self.rows = [builder.gep(out, [start]) for start in starts]
        self.sums = [[cgutils.alloca_once(builder, VECTOR) for _ in range(width)] for _ in starts]

    def lane(self, row: Any, number: int) -> Any:
        place = self.builder.gep(row, [I64(WIDTH * number)])
        return self.builder.bitcast(place, VECTOR.as_pointer())

    def load(self) -> None:
        for row, sums in zip(self.rows, self.sums, strict=True):
            for number, kept in enumerate(sums):
                given = self.builder.load(self.lane(row, number), align=ALIGNMENT)
                self.builder.store(given, kept)

    def multiply(self, left: list[Any], right: Any) -> None:
        lanes = [
            self.builder.load(self.lane(right, number), align=ALIGNMENT)
            for number in range(self.width)
        ]
        for place, sums in zip(left, self.sums, strict=True):
            factor = _spread(self.builder, self.builder.load(place))
            for lane, kept in zip(lanes, sums, strict=True):
                terms = [factor, lane, self.builder.load(kept)]
                added = call_llvm(self.builder, "llvm.fmuladd.v16f32", VECTOR, terms)
                self.builder.store(added, kept)

    def store(self) -> None:
        for row, sums in zip(self.rows, self.sums, strict=True):
            for number, kept in enumerate(sums):
                value = self.builder.load(kept)
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
_tile_1, _tile_2, _tile_3, _tile_4 = (_tiles * 4)[:4] if WIDEST == 1 else _tiles


@inline_jit
def multiply_tile(width, a, a_rows, a_step, b, b_start, b_step, out, out_rows, count):  # type: ignore[no-untyped-def]
    """Add the products of one tile.

    Args:
        width: Lanes of the tile.
        a: Left factors, flat float32.
        a_rows: Where each row of the tile begins in `a`, `HEIGHTS[width]` numbers.
        a_step: From one term to the next in `a`.
        b: Right factors, flat float32.
        b_start: Where they begin.
        b_step: From one term to the next in `b`.
        out: Sums, flat float32.
        out_rows: Where each row of the tile begins in `out`.
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
    """Divide columns into panels as wide as a tile, evenly.

    Args:
        columns: Number of columns; the last lane may hang over.

    Returns:
        First lane of each panel, and at the end the number of lanes, int64.
    """
    lanes = -(-columns // WIDTH)
    count = -(-lanes // WIDEST)
    return np.arange(count + 1) * lanes // count
