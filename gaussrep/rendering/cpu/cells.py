"""Cells of a tile, the pixels of one vector, and their transfer from and to images.

A cell is four pixels wide and `WIDTH / 4` high; its rows are groups of four lanes. It wastes fewer
lanes on a small Gaussian than a row of pixels would. The cells of a tile are numbered column by
column. Sets of cells are integers: the bit of a cell is that of its first group, and the groups of
a tile are numbered column by column, too: `TILE` for each of the four columns, whatever the width.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types  # noqa: TID253

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import minimum
from gaussrep.kernels.simd.memory import ALIGNMENT, element, prefetch
from gaussrep.kernels.simd.vectors import I32, VECTOR, WIDTH, call_llvm, intrinsic, lanes, mangle
from gaussrep.rendering.cpu.layout import (
    CELL_HEIGHT,
    CELL_WIDTH,
    CELLS_DOWN,
    TILE,
    Grid,
    ImageBuffers,
)

I64 = ir.IntType(64)
QUAD = ir.VectorType(ir.FloatType(), CELL_WIDTH)
CHANNELS = 3


@inline_jit
def cell_column(cell: int) -> int:
    """First pixel column of a cell within its tile."""
    return cell // CELLS_DOWN * CELL_WIDTH


@inline_jit
def cell_row(cell: int) -> int:
    """First pixel row of a cell within its tile."""
    return cell % CELLS_DOWN * CELL_HEIGHT


@inline_jit
def pixel_offset(row: int, column: int) -> int:
    """Index of a pixel of a tile in a plane of cells."""
    return (column // CELL_WIDTH * TILE + row) * CELL_WIDTH + column % CELL_WIDTH


@inline_jit
def prefetch_images(image: int, x: int, y: int, grid: Grid, images: ImageBuffers) -> None:
    """Prefetch a tile of color, alpha and depth, as far as they are there: memory is far away."""
    for row in range(y, minimum(y + TILE, grid.height)):
        pixel = (image * grid.height + row) * grid.width + x
        if images.alpha.size:
            prefetch(images.alpha, pixel)
        if images.depth.size:
            prefetch(images.depth, pixel)
        if images.color.size:
            for part in range(0, CHANNELS * TILE, TILE):
                prefetch(images.color, CHANNELS * pixel + part)


def _lane_offsets(offsets: Sequence[int]) -> Any:
    @intrinsic
    def constant(typingctx: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return ir.Constant(VECTOR, [float(offset) for offset in offsets])

        return lanes(), emit

    return constant


lane_columns = _lane_offsets([lane % CELL_WIDTH for lane in range(WIDTH)])
lane_rows = _lane_offsets([lane // CELL_WIDTH for lane in range(WIDTH)])


class _Place:
    """Where a cell is in an image whose pixels hold some floats: the address of each group of four.

    Args:
        builder: llvmlite's builder.
        image: Pointer to the cell's first pixel.
        args: LLVM values: stride between rows in pixels, columns and rows of the image from the
            first pixel on; what is beyond them is not touched.
        quads: Floats per pixel, which is also the number of groups of four in a row.
    """

    def __init__(self, builder: Any, image: Any, args: Sequence[Any], quads: int) -> None:
        self._builder, self._image, self._quads = builder, image, quads
        self._stride, self._columns, self._rows = args

    def of_quad(self, row: int, quad: int) -> Any:
        """Pointer to one group of four."""
        along = self._builder.mul(self._stride, I64(row * self._quads))
        place = self._builder.add(along, I64(quad * CELL_WIDTH))
        address = self._builder.gep(self._image, [place])
        return self._builder.bitcast(address, QUAD.as_pointer())

    def mask(self, row: int, quad: int) -> Any:
        """Which floats of a group are inside the image."""
        builder = self._builder
        is_inside = builder.icmp_signed(">", self._rows, I64(row))
        count = builder.select(is_inside, self._columns, I64(0))
        count = builder.sub(builder.mul(count, I64(self._quads)), I64(quad * CELL_WIDTH))
        wide = ir.VectorType(I32, CELL_WIDTH)
        first = builder.insert_element(
            ir.Constant(wide, ir.Undefined), builder.trunc(count, I32), I32(0)
        )
        zeros = ir.Constant(wide, [0] * CELL_WIDTH)
        spread = builder.shuffle_vector(first, ir.Constant(wide, ir.Undefined), zeros)
        return builder.icmp_signed("<", ir.Constant(wide, list(range(CELL_WIDTH))), spread)

    @contextmanager
    def branches(self) -> Iterator[Any]:
        """Branch into cells that are wholly inside the image, and others."""
        builder = self._builder
        wide = builder.icmp_signed(">=", self._columns, I64(CELL_WIDTH))
        high = builder.icmp_signed(">=", self._rows, I64(CELL_HEIGHT))
        with builder.if_else(builder.and_(wide, high), likely=True) as branches:
            yield branches


def _join(builder: Any, quads: list[Any]) -> Any:
    while len(quads) > 1:
        lanes_of_both = 2 * quads[0].type.count
        order = ir.Constant(ir.VectorType(I32, lanes_of_both), list(range(lanes_of_both)))
        pairs = zip(quads[::2], quads[1::2], strict=True)
        quads = [builder.shuffle_vector(left, right, order) for left, right in pairs]
    return quads[0]


def _split(builder: Any, value: Any, row: int) -> Any:
    order = [row * CELL_WIDTH + lane for lane in range(CELL_WIDTH)]
    return builder.shuffle_vector(value, value, ir.Constant(ir.VectorType(I32, CELL_WIDTH), order))


def _load(builder: Any, place: _Place, quads: int) -> list[Any]:
    """Load a cell; vector q holds the q-th group of four of every row, zeros outside the image."""
    parts = [cgutils.alloca_once(builder, VECTOR) for _ in range(quads)]
    zeros = ir.Constant(QUAD, [0.0] * CELL_WIDTH)
    name = f"{mangle('llvm.masked.load', QUAD)}.p0v4f32"
    with place.branches() as (whole, edge):
        with whole:
            for quad, part in enumerate(parts):
                rows = [
                    builder.load(place.of_quad(row, quad), align=ALIGNMENT)
                    for row in range(CELL_HEIGHT)
                ]
                builder.store(_join(builder, rows), part)
        with edge:
            for quad, part in enumerate(parts):
                rows = [
                    call_llvm(
                        builder,
                        name,
                        QUAD,
                        [place.of_quad(row, quad), I32(ALIGNMENT), place.mask(row, quad), zeros],
                    )
                    for row in range(CELL_HEIGHT)
                ]
                builder.store(_join(builder, rows), part)
    return [builder.load(part) for part in parts]


def _store(builder: Any, place: _Place, parts: Sequence[Any]) -> None:
    """Store what `_load` loads; nothing outside the image."""
    cut = [
        (row, quad, _split(builder, part, row))
        for quad, part in enumerate(parts)
        for row in range(CELL_HEIGHT)
    ]
    name = f"{mangle('llvm.masked.store', QUAD)}.p0v4f32"
    with place.branches() as (whole, edge):
        with whole:
            for row, quad, value in cut:
                builder.store(value, place.of_quad(row, quad), align=ALIGNMENT)
        with edge:
            for row, quad, value in cut:
                given = [value, place.of_quad(row, quad), I32(ALIGNMENT), place.mask(row, quad)]
                call_llvm(builder, name, ir.VoidType(), given)


def _pick(builder: Any, sources: Sequence[Any], places: Sequence[tuple[int, int]]) -> Any:
    """Gather lanes of three vectors, `places` being the vector and the lane of each in a group."""
    rows = range(0, WIDTH, CELL_WIDTH)
    where = [(source, row + lane) for row in rows for source, lane in places]
    row_type = ir.VectorType(I32, WIDTH)
    order = [lane + WIDTH * min(source, 1) for source, lane in where]
    two = builder.shuffle_vector(sources[0], sources[1], ir.Constant(row_type, order))
    order = [at if source < 2 else WIDTH + lane for at, (source, lane) in enumerate(where)]
    return builder.shuffle_vector(two, sources[2], ir.Constant(row_type, order))


def _interleave(builder: Any, channels: Sequence[Any]) -> list[Any]:
    """Interleave three channels of a cell into three groups of four floats for each row."""
    places = [
        [((CELL_WIDTH * quad + lane) % 3, (CELL_WIDTH * quad + lane) // 3) for lane in range(4)]
        for quad in range(CHANNELS)
    ]
    return [_pick(builder, channels, places[quad]) for quad in range(CHANNELS)]


def _deinterleave(builder: Any, quads: Sequence[Any]) -> list[Any]:
    """Split pixels into three channels, the inverse of `_interleave`."""
    places = [
        [divmod(CHANNELS * pixel + channel, CELL_WIDTH) for pixel in range(CELL_WIDTH)]
        for channel in range(CHANNELS)
    ]
    return [_pick(builder, quads, places[channel]) for channel in range(CHANNELS)]


@intrinsic
def load_cell(typingctx: Any, image: Any, pixel: Any, stride: Any, columns: Any, rows: Any) -> Any:
    """Load a cell of an image of one channel, zeros outside the image.

    `image` is a float32 array, `pixel` the index of the cell's first pixel in it, and `stride` the
    number of pixels from row to row. `columns` and `rows` are those of the image from the first
    pixel on, any integers.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _Place(builder, element(context, builder, sig, args), args[2:], 1)
        return _load(builder, place, 1)[0]

    return lanes(image, *[types.intp] * 4), emit


@intrinsic
def store_cell(
    typingctx: Any, image: Any, pixel: Any, stride: Any, columns: Any, rows: Any, value: Any
) -> Any:
    """Store a cell of an image of one channel; see `load_cell`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _Place(builder, element(context, builder, sig, args), args[2:5], 1)
        _store(builder, place, [args[5]])
        return context.get_dummy_value()

    return types.void(image, *[types.intp] * 4, lanes), emit


def _first_channel(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    start = builder.mul(args[1], I64(CHANNELS))
    return element(context, builder, sig, [args[0], start])


@intrinsic
def load_colors(
    typingctx: Any, image: Any, pixel: Any, stride: Any, columns: Any, rows: Any
) -> Any:
    """Load a cell of an image of three interleaved channels; see `load_cell`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        first = _first_channel(context, builder, sig, args)
        quads = _load(builder, _Place(builder, first, args[2:], CHANNELS), CHANNELS)
        return context.make_tuple(builder, sig.return_type, _deinterleave(builder, quads))

    return types.UniTuple(lanes, CHANNELS)(image, *[types.intp] * 4), emit


@intrinsic
def store_colors(
    typingctx: Any, image: Any, pixel: Any, stride: Any, columns: Any, rows: Any, colors: Any
) -> Any:
    """Store a cell of an image of three interleaved channels; see `load_cell`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        first = _first_channel(context, builder, sig, args)
        quads = _interleave(builder, cgutils.unpack_tuple(builder, args[5]))
        _store(builder, _Place(builder, first, args[2:5], CHANNELS), quads)
        return context.get_dummy_value()

    return types.void(image, *[types.intp] * 4, colors), emit
