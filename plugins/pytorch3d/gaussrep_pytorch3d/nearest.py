"""Lists of the nearest Gaussians of each pixel, from PyTorch3D's point rasterizer."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from gaussrep.rendering import Projection
from gaussrep_pytorch3d.library import explain_missing_cuda, pytorch3d

SIDE = 16
"""Width and height of a tile in pixels (design choice)."""


@dataclass(frozen=True, eq=False)
class Tiles:
    """Tiles of images that circles overlap, and these circles, tile by tile.

    Args:
        indices: Indices of the tiles, row by row, image by image.
        counts: Number of circles that overlap each tile.
        circles: Centers relative to the tile's corner, and radii, in pixels.
        rows: Indices of the circles in their image, ascending within each tile.
    """

    indices: Int[Tensor, " t"]
    counts: list[int]
    circles: Float[Tensor, "m 3"]
    rows: Int[Tensor, " m"]

    def split(self, size: int) -> Iterator["Tiles"]:
        """Split into parts.

        Args:
            size: Number of tiles of a part, >= 1.

        Yields:
            Parts; the last one may be smaller.
        """
        first = 0
        for start in range(0, len(self.counts), size):
            counts = self.counts[start : start + size]
            here = slice(first, first + sum(counts))
            indices = self.indices[start : start + size]
            yield Tiles(indices, counts, self.circles[here], self.rows[here])
            first = here.stop


MARGIN, RELATIVE_MARGIN = 1e-2, 1e-4
"""Pixels, and fraction of itself, by which a radius is enlarged: more than float32 rounding."""


def enclosing_radii(projection: Projection) -> Float[Tensor, "*batch v n 1"]:
    """Compute the radius of the circle outside of which a Gaussian's alpha is below 1/255.

    It is the longer half axis of the ellipse, computed from its bounding box and slant.

    Args:
        projection: Projected Gaussians.

    Returns:
        Radii in pixels, without gradient.
    """
    xx, yy = projection.radii.square().unbind(-1)
    slanted = projection.conics[..., 1] / projection.conics[..., 0]
    longest = (xx + yy) / 2 + torch.hypot((xx - yy) / 2, slanted * yy)
    return ((1 + RELATIVE_MARGIN) * longest.sqrt() + MARGIN).detach()[..., None]


def nearest_gaussians(
    circles: Float[Tensor, "i n 3"], size: tuple[int, int], max_points: int, max_entries: int
) -> Int[Tensor, "i p k"]:
    """List the first Gaussians whose circle covers each pixel.

    PyTorch3D compares every pixel of an image with every point of its cloud. So an image is divided
    into tiles, each an image with its own cloud.

    Args:
        circles: Centers and radii in pixels, in the order of the lists; circles of radius 0 are
            ignored.
        size: Width and height in pixels.
        max_points: Length of the longest list.
        max_entries: Largest number of list entries computed at once, rounded up to a tile.

    Returns:
        Indices of the Gaussians in order, then -1; k is the length of the longest list that
        occurs; pixels are row by row.
    """
    tiles = overlapped_tiles(circles, size)
    tiles_at_once = max(1, max_entries // (SIDE * SIDE * max(1, max_points)))
    parts = [_list_points(part, max_points) for part in tiles.split(tiles_at_once)]
    longest = max((part.shape[-1] for part in parts), default=0)
    columns, rows = (-(-length // SIDE) for length in size)
    lists = circles.new_full(
        (len(circles) * rows * columns, SIDE * SIDE, longest), -1, dtype=torch.int32
    )
    if parts:
        padded = [pad(part, (0, longest - part.shape[-1]), value=-1) for part in parts]
        lists[tiles.indices] = torch.cat(padded)
    pixels = rearrange(
        lists, "(i r c) (y x) k -> i (r y) (c x) k", r=rows, c=columns, y=SIDE, x=SIDE
    )
    return pixels[:, : size[1], : size[0]].flatten(1, 2)


def _list_points(tiles: Tiles, max_points: int) -> Int[Tensor, "t p k"]:
    """Compute the lists of the pixels of some tiles.

    PyTorch3D measures a square from its middle in half sides, x to the left and y up, and sorts by
    z, which here is the index.
    """
    x, y, radii = (2 / SIDE * tiles.circles).unbind(-1)
    points = torch.stack([1 - x, 1 - y, tiles.rows.to(x)], -1).float()
    padded = pad_sequence([*radii.float().split(tiles.counts)], batch_first=True)
    clouds = pytorch3d("structures").Pointclouds([*points.split(tiles.counts)])
    rasterize = pytorch3d("renderer.points.rasterize_points").rasterize_points
    max_points = min(max_points, max(tiles.counts))
    with explain_missing_cuda():
        listed, _, _ = rasterize(clouds, SIDE, padded, max_points, bin_size=0)
    longest = int((listed >= 0).any(0).any(0).any(0).sum())
    listed = listed[..., :longest].flatten(1, 2).long()
    rows = torch.cat([tiles.rows, tiles.rows.new_tensor([-1])])
    return rows[listed].int()  # PyTorch3D pads with -1, too


def overlapped_tiles(circles: Float[Tensor, "i n 3"], size: tuple[int, int]) -> Tiles:
    """Find the tiles that the bounding squares of circles overlap.

    Args:
        circles: Centers and radii in pixels; circles of radius 0 are ignored.
        size: Width and height of the images in pixels.

    Returns:
        The tiles that at least one circle overlaps.
    """
    image, row = (circles[..., 2] > 0).nonzero(as_tuple=True)
    present = circles[image, row]
    columns, rows = (-(-length // SIDE) for length in size)
    last = present.new_tensor([columns - 1, rows - 1])
    low = ((present[:, :2] - present[:, 2:]) / SIDE).floor().clamp_min(0)
    high = ((present[:, :2] + present[:, 2:]) / SIDE).floor().minimum(last)
    width, height = (high - low + 1).clamp_min(0).long().unbind(-1)
    which = torch.arange(len(present), device=circles.device).repeat_interleave(width * height)
    nth = torch.arange(len(which), device=circles.device)
    nth = nth - ((width * height).cumsum(0) - width * height)[which]
    across = torch.stack([nth % width[which], nth // width[which]], -1)
    x, y = (low[which].long() + across).unbind(-1)
    tile = (image[which] * rows + y) * columns + x
    tile, order = tile.sort(stable=True)
    which, corner = which[order], SIDE * torch.stack([x, y, torch.zeros_like(x)], -1)[order]
    indices, counts = tile.unique_consecutive(return_counts=True)
    return Tiles(indices, counts.tolist(), present[which] - corner, row[which])
