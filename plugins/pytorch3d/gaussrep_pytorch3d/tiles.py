"""Pictures in tiles, and what each of them has to look at."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

SIDE = 16
"""Of a tile, in pixels; ours."""


@dataclass(frozen=True, eq=False)
class Tiles:
    """Tiles that something touches, and the circles that touch them, tile after tile.

    Args:
        numbers: Of the tiles, row by row, picture after picture.
        counts: How many circles touch each.
        circles: Centers from the tile's corner, and radii, in pixels.
        rows: Numbers of the circles in their picture, ascending in each tile.
    """

    numbers: Int[Tensor, " t"]
    counts: list[int]
    circles: Float[Tensor, "m 3"]
    rows: Int[Tensor, " m"]

    def split(self, size: int) -> Iterator["Tiles"]:
        """Parts of so many tiles.

        Args:
            size: At least 1.
        """
        first = 0
        for start in range(0, len(self.counts), size):
            counts = self.counts[start : start + size]
            here = slice(first, first + sum(counts))
            numbers = self.numbers[start : start + size]
            yield Tiles(numbers, counts, self.circles[here], self.rows[here])
            first = here.stop


def touched_tiles(circles: Float[Tensor, "i n 3"], size: tuple[int, int]) -> Tiles:
    """Find the tiles that the squares around circles meet.

    Args:
        circles: Centers and radii in pixels; those of radius 0 are not there.
        size: Width and height of the pictures.

    Returns:
        The tiles, without those that nothing touches.
    """
    image, row = (circles[..., 2] > 0).nonzero(as_tuple=True)
    there = circles[image, row]
    columns, rows = (-(-length // SIDE) for length in size)
    last = there.new_tensor([columns - 1, rows - 1])
    low = ((there[:, :2] - there[:, 2:]) / SIDE).floor().clamp_min(0)
    high = ((there[:, :2] + there[:, 2:]) / SIDE).floor().minimum(last)
    width, height = (high - low + 1).clamp_min(0).long().unbind(-1)
    which = torch.arange(len(there), device=circles.device).repeat_interleave(width * height)
    nth = torch.arange(len(which), device=circles.device)
    nth = nth - ((width * height).cumsum(0) - width * height)[which]
    across = torch.stack([nth % width[which], nth // width[which]], -1)
    x, y = (low[which].long() + across).unbind(-1)
    tile = (image[which] * rows + y) * columns + x
    tile, order = tile.sort(stable=True)
    which, corner = which[order], SIDE * torch.stack([x, y, torch.zeros_like(x)], -1)[order]
    numbers, counts = tile.unique_consecutive(return_counts=True)
    return Tiles(numbers, counts.tolist(), there[which] - corner, row[which])
