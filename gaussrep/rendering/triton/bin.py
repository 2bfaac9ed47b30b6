"""Binning: pairs of a tile and a Gaussian, sorted by tile, nearest first, and sums over them."""

from triton import language as tl

from gaussrep.rendering.triton.ellipse import load_ellipse, tiles_in_row
from gaussrep.rendering.triton.jit import kernel


@kernel
def emit_pairs(
    order,
    records,
    boxes,
    counts,
    ends,
    firsts,
    tiles,
    members,
    count,
    columns,
    rows,
    most,
    LANES: tl.constexpr,
):
    """Write the pairs of all Gaussians, nearest first; one program takes LANES of one image.

    No more pairs than were counted are written: spans that rounding makes longer than they were
    when they were counted cannot run into those of another Gaussian.

    Args:
        order: Indices of the Gaussians of each image, nearest first, int64 [I, N].
        records: Projected Gaussians.
        boxes: Tiles of their boxes.
        counts: Number of tiles that each overlaps.
        ends: Cumulative sum of the counts, in that order.
        firsts: Output, first pair of each Gaussian.
        tiles: Output, tile of each pair.
        members: Output, index of the record of each pair.
        count: Gaussians per image.
        columns: Columns of tiles.
        rows: Rows of tiles.
        most: Pairs that there is memory for; further ones are left out.
        LANES: Gaussians per program.
    """
    blocks = tl.cdiv(count, LANES)
    image = (tl.program_id(0) // blocks).to(tl.int64)
    rank = (tl.program_id(0) % blocks) * LANES + tl.arange(0, LANES)
    is_lane = rank < count
    n = tl.load(order + image * count + rank, mask=is_lane, other=0)
    at = image * count + n
    tiles_left = tl.load(counts + at, mask=is_lane, other=0)
    is_seen = tiles_left > 0
    end = tl.load(ends + image * count + rank, mask=is_lane, other=0)
    pair = end - tiles_left
    tl.store(firsts + at, pair, mask=is_seen)
    for_box = boxes + at * 4
    left = tl.load(for_box, mask=is_seen, other=0).to(tl.int32)
    top = tl.load(for_box + 1, mask=is_seen, other=0).to(tl.int32)
    right = tl.load(for_box + 2, mask=is_seen, other=0).to(tl.int32)
    bottom = tl.load(for_box + 3, mask=is_seen, other=0).to(tl.int32)
    ellipse, box = load_ellipse(records, at, is_seen), (left, top, right, bottom)
    for i in range(tl.max(bottom - top, 0)):
        row = top + i
        first, span = tiles_in_row(ellipse, box, row)
        tile = (image * rows + row) * columns + first
        for j in range(tl.max(span, 0)):
            is_pair = (j < span) & (pair < end) & (pair < most)
            tl.store(tiles + pair, (tile + j).to(tiles.dtype.element_ty), mask=is_pair)
            tl.store(members + pair, at.to(tl.int32), mask=is_pair)
            pair += is_pair.to(tl.int64)


@kernel
def sum_slots(slots, firsts, counts, totals, size, most, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    """Sum the slots of one Gaussian in one image, always in the same order.

    Args:
        slots: Float32 [P, size], in the order of emission.
        firsts: First pair of each Gaussian.
        counts: Number of its pairs.
        totals: Output, float32 [I, N, size].
        size: Floats per slot.
        most: Number of slots; pairs beyond it were left out.
        ROWS: Slots that are loaded at once.
        COLUMNS: Floats of a slot that a program takes; the second axis of the grid has the rest.
    """
    at = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    count, first = tl.load(counts + at), tl.load(firsts + at)
    total = tl.zeros([ROWS, COLUMNS], tl.float32)
    for start in range(0, count, ROWS):
        row = start + tl.arange(0, ROWS)
        place = (first + row)[:, None] * size + column[None, :]
        is_slot = (row < count) & (first + row < most)
        mask = is_slot[:, None] & (column < size)[None, :]
        total += tl.load(slots + place, mask=mask, other=0.0)
    tl.store(totals + at * size + column, tl.sum(total, 0), mask=column < size)
