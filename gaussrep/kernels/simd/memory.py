"""Allocation of arrays, and loads and stores of consecutive floats."""

from typing import Any

from llvmlite import ir
from numba.core import types  # noqa: TID253

from gaussrep.kernels.simd.vectors import (
    I32,
    ROW,
    VECTOR,
    WIDTH,
    call_llvm,
    intrinsic,
    lanes,
    mangle,
    widen,
)

ALIGNMENT = 4

CACHE_LINE = 64
"""Bytes."""


@intrinsic
def allocate(typingctx: Any, count: Any, dtype: Any) -> Any:
    """Allocate an uninitialized array that begins with a cache line.

    Vectors of a whole line or half of one do not cross lines then, which would cost every second
    of them twice the time. Numba would compile several functions for `numpy.empty`.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from numba.np.arrayobj import make_array, populate_array

        size = context.get_abi_sizeof(context.get_data_type(sig.return_type.dtype))
        itemsize = context.get_constant(types.intp, size)
        bytes_needed = builder.mul(args[0], itemsize)
        memory = context.nrt.meminfo_alloc_aligned(builder, bytes_needed, CACHE_LINE)
        array = make_array(sig.return_type)(context, builder)
        data = builder.bitcast(context.nrt.meminfo_data(builder, memory), array.data.type)
        populate_array(array, data, [args[0]], [itemsize], itemsize, memory)
        return array._getvalue()

    return types.Array(dtype.dtype, 1, "C")(types.intp, dtype), emit


def element(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Compute the address of an element of an array.

    Args:
        context: Numba's context.
        builder: llvmlite's builder.
        sig: Signature of the intrinsic.
        args: LLVM values; the first are the array and the index.

    Returns:
        LLVM value of the pointer to a float.
    """
    array = context.make_array(sig.args[0])(context, builder, args[0])
    return builder.gep(array.data, [args[1]])


def _pointer(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.bitcast(element(context, builder, sig, args), VECTOR.as_pointer())


def _first(builder: Any, count: Any) -> Any:
    """Mask the first `count` lanes; none if it is negative."""
    wide = widen(builder, builder.trunc(count, I32))
    return builder.icmp_signed("<", ir.Constant(ROW, list(range(WIDTH))), wide)


@intrinsic
def load(typingctx: Any, array: Any, start: Any) -> Any:
    """Load `WIDTH` floats from an index on.

    Args:
        array: C-contiguous float32 array of any shape.
        start: Flat index of lane 0.

    Returns:
        Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_pointer(context, builder, sig, args), align=ALIGNMENT)

    return lanes(array, types.intp), emit


@intrinsic
def broadcast_load(typingctx: Any, array: Any, index: Any) -> Any:
    """Load one float into every lane.

    Args:
        array: C-contiguous float32 array of any shape.
        index: Flat index of the float.

    Returns:
        Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return widen(builder, builder.load(element(context, builder, sig, args)))

    return lanes(array, types.intp), emit


@intrinsic
def store(typingctx: Any, array: Any, start: Any, value: Any) -> Any:
    """Store `WIDTH` floats from an index on.

    Args:
        array: C-contiguous float32 array of any shape.
        start: Flat index of lane 0.
        value: Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _pointer(context, builder, sig, args), align=ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), emit


@intrinsic
def load_masked(typingctx: Any, array: Any, start: Any, count: Any) -> Any:
    """Load the first `count` of `WIDTH` floats, zeros in the other lanes.

    Args:
        array: C-contiguous float32 array of any shape.
        start: Flat index of lane 0.
        count: Number of floats; 0 or less loads none, `WIDTH` or more loads all.

    Returns:
        Vector, float32 [WIDTH].
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = [
            _pointer(context, builder, sig, args),
            I32(ALIGNMENT),
            _first(builder, args[2]),
            ir.Constant(VECTOR, [0.0] * WIDTH),
        ]
        name = f"{mangle('llvm.masked.load')}.p0v{WIDTH}f32"
        return call_llvm(builder, name, VECTOR, given)

    return lanes(array, types.intp, types.intp), emit


@intrinsic
def store_masked(typingctx: Any, array: Any, start: Any, value: Any, count: Any) -> Any:
    """Store the first `count` of `WIDTH` floats.

    Args:
        array: C-contiguous float32 array of any shape.
        start: Flat index of lane 0.
        value: Vector, float32 [WIDTH].
        count: Number of floats; 0 or less stores none, `WIDTH` or more stores all.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = [
            args[2],
            _pointer(context, builder, sig, args),
            I32(ALIGNMENT),
            _first(builder, args[3]),
        ]
        name = f"{mangle('llvm.masked.store')}.p0v{WIDTH}f32"
        call_llvm(builder, name, ir.VoidType(), given)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes, types.intp), emit


@intrinsic
def prefetch(typingctx: Any, array: Any, index: Any) -> Any:
    """Begin to load the cache line of an element.

    Args:
        array: C-contiguous float32 array of any shape.
        index: Flat index of the element; one outside the array is allowed.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = builder.bitcast(element(context, builder, sig, args), ir.IntType(8).as_pointer())
        given = [place, I32(0), I32(3), I32(1)]
        call_llvm(builder, "llvm.prefetch.p0i8", ir.VoidType(), given)
        return context.get_dummy_value()

    return types.void(array, types.intp), emit
