"""Which Gaussians may touch which pixel, found by PyTorch3D's point rasterizer."""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from gaussrep.rendering import Projection
from gaussrep_pytorch3d.library import built_for_the_device, pytorch3d
from gaussrep_pytorch3d.tiles import SIDE, Tiles, touched_tiles

SLACK, SHARE = 1e-2, 1e-4
"""Pixels, and share of itself, added to a radius: more than float32 loses of a distance."""


def reach(projection: Projection) -> Float[Tensor, "*batch v n 1"]:
    """Radius in pixels of the circle outside of which a Gaussian adds less than 1/255.

    It is the longer half axis of that ellipse, from the half sides of its box and its slant.

    Args:
        projection: Gaussians as ellipses.

    Returns:
        Radii; they carry no gradient.
    """
    xx, yy = projection.radii.square().unbind(-1)
    slanted = projection.conics[..., 1] / projection.conics[..., 0]
    longest = (xx + yy) / 2 + torch.hypot((xx - yy) / 2, slanted * yy)
    return ((1 + SHARE) * longest.sqrt() + SLACK).detach()[..., None]


def nearest_gaussians(
    circles: Float[Tensor, "i n 3"], size: tuple[int, int], most: int, entries: int
) -> Int[Tensor, "i p k"]:
    """List the first Gaussians whose circle covers each pixel.

    PyTorch3D compares every pixel of a picture with every point of its cloud. So a picture is cut
    into tiles, each a picture with a cloud of its own.

    Args:
        circles: Centers and radii in pixels, in the order in which they are to be listed; those of
            radius 0 are not there.
        size: Width and height in pixels.
        most: Longest list, K.
        entries: Of lists, as many as are made at once, rounded up to those of a tile.

    Returns:
        Their numbers, in order, and -1 where there is none; k is the longest list there is, at
        most K, the pixels are row by row.
    """
    tiles = touched_tiles(circles, size)
    together = max(1, entries // (SIDE * SIDE * max(1, most)))
    parts = [_listed(part, most) for part in tiles.split(together)]
    longest = max((part.shape[-1] for part in parts), default=0)
    columns, rows = (-(-length // SIDE) for length in size)
    lists = circles.new_full(
        (len(circles) * rows * columns, SIDE * SIDE, longest), -1, dtype=torch.int32
    )
    if parts:
        padded = [pad(part, (0, longest - part.shape[-1]), value=-1) for part in parts]
        lists[tiles.numbers] = torch.cat(padded)
    pixels = rearrange(
        lists, "(i r c) (y x) k -> i (r y) (c x) k", r=rows, c=columns, y=SIDE, x=SIDE
    )
    return pixels[:, : size[1], : size[0]].flatten(1, 2)


def _listed(tiles: Tiles, most: int) -> Int[Tensor, "t p k"]:
    """Lists of the pixels of some tiles.

    PyTorch3D measures a square from its middle in half sides, x to the left and y up, and sorts by
    z, which here is the place in the order.
    """
    x, y, radii = (2 / SIDE * tiles.circles).unbind(-1)
    points = torch.stack([1 - x, 1 - y, tiles.rows.to(x)], -1).float()
    padded = pad_sequence([*radii.float().split(tiles.counts)], batch_first=True)
    clouds = pytorch3d("structures").Pointclouds([*points.split(tiles.counts)])
    rasterize = pytorch3d("renderer.points.rasterize_points").rasterize_points
    most = min(most, max(tiles.counts))
    with built_for_the_device():
        listed, _, _ = rasterize(clouds, SIDE, padded, most, bin_size=0)
    longest = int((listed >= 0).any(0).any(0).any(0).sum())
    listed = listed[..., :longest].flatten(1, 2).long()
    rows = torch.cat([tiles.rows, tiles.rows.new_tensor([-1])])
    return rows[listed].int()  # PyTorch3D says -1 where there is none, too
