"""How lanes are read from and written to arrays.

Arrays are C-contiguous float32 of any shape; an index counts from their first number on.
"""

from typing import Any

from llvmlite import ir
from numba.core import types  # noqa: TID253

from gaussrep.kernels.simd import I32, VECTOR, WIDTH, call, instruction, lanes

ROW = ir.VectorType(I32, WIDTH)
ALIGNMENT = 4


def _pointer(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    array = context.make_array(sig.args[0])(context, builder, args[0])
    return builder.bitcast(builder.gep(array.data, [args[1]]), VECTOR.as_pointer())


def _first(builder: Any, count: Any) -> Any:
    """A mask of the first `count` lanes; none where it is negative."""
    short = builder.trunc(count, I32)
    wide = builder.insert_element(ir.Constant(ROW, ir.Undefined), short, I32(0))
    wide = builder.shuffle_vector(wide, wide, ir.Constant(ROW, [0] * WIDTH))
    return builder.icmp_signed("<", ir.Constant(ROW, list(range(WIDTH))), wide)


@instruction
def load(typingctx: Any, array: Any, start: Any) -> Any:
    """Sixteen numbers from an index on."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_pointer(context, builder, sig, args), align=ALIGNMENT)

    return lanes(array, types.intp), emit


@instruction
def store(typingctx: Any, array: Any, start: Any, value: Any) -> Any:
    """Write sixteen numbers from an index on."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _pointer(context, builder, sig, args), align=ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), emit


@instruction
def load_some(typingctx: Any, array: Any, start: Any, count: Any) -> Any:
    """Up to sixteen numbers from an index on, then zeros; `count` may be any integer."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = [
            _pointer(context, builder, sig, args),
            I32(ALIGNMENT),
            _first(builder, args[2]),
            ir.Constant(VECTOR, [0.0] * WIDTH),
        ]
        return call(builder, "llvm.masked.load.v16f32.p0v16f32", VECTOR, given)

    return lanes(array, types.intp, types.intp), emit


@instruction
def store_some(typingctx: Any, array: Any, start: Any, value: Any, count: Any) -> Any:
    """Write up to sixteen numbers from an index on; `count` may be any integer."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = [
            args[2],
            _pointer(context, builder, sig, args),
            I32(ALIGNMENT),
            _first(builder, args[3]),
        ]
        call(builder, "llvm.masked.store.v16f32.p0v16f32", ir.VoidType(), given)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes, types.intp), emit


def _pick(builder: Any, low: Any, high: Any, order: list[int]) -> Any:
    return builder.shuffle_vector(low, high, ir.Constant(ROW, order))


def _interleave(builder: Any, values: Any, part: int) -> Any:
    """The `part`-th sixteen of the forty-eight numbers r0 g0 b0 r1 g1 b1 and so on."""
    places = [divmod(part * WIDTH + lane, 3) for lane in range(WIDTH)]
    order = [pixel + WIDTH * min(channel, 1) for pixel, channel in places]
    two = _pick(builder, values[0], values[1], order)
    order = [
        pixel + WIDTH if channel == 2 else lane for lane, (pixel, channel) in enumerate(places)
    ]
    return _pick(builder, two, values[2], order)


def _channel(builder: Any, parts: Any, channel: int) -> Any:
    """One channel of forty-eight interleaved numbers."""
    places = [divmod(3 * pixel + channel, WIDTH) for pixel in range(WIDTH)]
    order = [lane + WIDTH * min(part, 1) for part, lane in places]
    two = _pick(builder, parts[0], parts[1], order)
    order = [lane + WIDTH if part == 2 else pixel for pixel, (part, lane) in enumerate(places)]
    return _pick(builder, two, parts[2], order)


@instruction
def interleave(typingctx: Any, red: Any, green: Any, blue: Any) -> Any:
    """Three planes as pixels: forty-eight numbers in three values."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [_interleave(builder, args, part) for part in range(3)]
        return context.make_tuple(builder, sig.return_type, values)

    return types.UniTuple(lanes, 3)(lanes, lanes, lanes), emit


@instruction
def deinterleave(typingctx: Any, first: Any, second: Any, third: Any) -> Any:
    """Pixels as three planes; undoes `interleave`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [_channel(builder, args, channel) for channel in range(3)]
        return context.make_tuple(builder, sig.return_type, values)

    return types.UniTuple(lanes, 3)(lanes, lanes, lanes), emit
