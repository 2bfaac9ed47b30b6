"""Point transformer in the manner of PTv3: attention in windows along a curve, in plain torch."""

from itertools import pairwise

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from gaussrep.encoders import PointEncoder, VoxelCloud
from gaussrep_gaussiancross.backbones.config import PointTransformerConfig
from gaussrep_gaussiancross.sparse.backend import OwnSpace
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.kernel_map import Grid, Pairs, sort_voxels


class Windows:
    """Groups of `size` voxels along a z-order curve; none spans two scenes.

    Args:
        grid: Occupied voxels.
        size: Voxels of a window; the last window of a scene is filled up with nothing.
        turned: Whether the curve goes through x, y and z in the other order.

    Attributes:
        rows: The voxel at each place; where nothing is, voxel 0.
        filled: Whether a voxel is there.
        places: The place of each voxel in the flattened windows.
    """

    rows: Int64[Tensor, "windows size"]
    filled: Bool[Tensor, "windows size"]
    places: Int64[Tensor, " points"]

    def __init__(self, grid: Grid, size: int, *, turned: bool) -> None:
        order = _curve(grid, turned).argsort(stable=True)
        order = order[grid.scene[order].argsort(stable=True)]
        counts = grid.scene.bincount()
        padded = -(-counts // size) * size
        shift = padded.cumsum(0) - padded - (counts.cumsum(0) - counts)
        ranks = torch.arange(grid.count, device=order.device) + shift[grid.scene[order]]
        total = int(padded.sum())
        self.rows = order.new_zeros(total).index_copy(0, ranks, order).view(-1, size)
        self.filled = order.new_zeros(total).index_fill(0, ranks, 1).view(-1, size).bool()
        self.places = torch.empty_like(order).index_copy(0, order, ranks)


def _curve(grid: Grid, turned: bool) -> Tensor:
    """Place of each voxel on the z-order curve: the bits of its coordinates in turn."""
    axes = grid.coords.long().unbind(1)
    place = torch.zeros_like(axes[0])
    for bit in range(int(grid.coords.max()).bit_length()):
        for axis, values in enumerate(axes[::-1] if turned else axes):
            place |= (values >> bit & 1) << (3 * bit + axis)
    return place


RATIO = 4
"""Hidden channels of the feed-forward part per channel (PTv3)."""


class AttentionBlock(nn.Module):
    """A convolution that tells positions, attention within windows, and a feed-forward part.

    Each is added to what goes in; the latter two look at normalized features (PTv3).

    Args:
        channels: Channels of the features.
        heads: Heads of attention.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.position = SparseConv(channels, channels, 3)
        self.position_out = nn.Sequential(nn.Linear(channels, channels), nn.LayerNorm(channels))
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.attention_out = nn.Linear(channels, channels)
        self.feed_forward = nn.Sequential(
            nn.Linear(channels, RATIO * channels), nn.GELU(), nn.Linear(RATIO * channels, channels)
        )

    def forward(
        self, x: Float[Tensor, "rows c"], pairs: Pairs, windows: Windows
    ) -> Float[Tensor, "rows c"]:
        """Compute the block.

        Args:
            x: Features of a level.
            pairs: Index table of the level, of size 3.
            windows: Who attends to whom.

        Returns:
            Features of the level.
        """
        x = x + self.position_out(self.position(x, pairs))
        x = x + self._attend(self.norm1(x), windows)
        return x + self.feed_forward(self.norm2(x))

    def _attend(self, x: Tensor, windows: Windows) -> Tensor:
        given = self.qkv(x)[windows.rows]
        q, k, v = rearrange(given, "w n (part h c) -> part w h n c", part=3, h=self.heads)
        seen = windows.filled[:, None, None]
        mixed = rearrange(scaled_dot_product_attention(q, k, v, seen), "w h n c -> (w n) (h c)")
        return self.attention_out(mixed[windows.places])


STEM = 5
"""Side of the first kernel, in voxels (PTv3)."""


class PointTransformer(PointEncoder):
    """Levels of attention blocks over voxels, each half as fine as the one before, and back.

    Unlike PTv3 it normalizes layers and not batches, takes two z-order curves in fixed turns, and
    fills the last window of a scene with nothing. So features of a scene depend on nothing else in
    the batch, in training, too.

    Args:
        config: Settings.
        channels: Numbers that a voxel carries.
    """

    def __init__(self, config: PointTransformerConfig, channels: int) -> None:
        super().__init__()
        self.config = config
        widths, layers = config.shape.channels, config.shape.layers
        self.stem = SparseConv(channels, widths[0], STEM)
        self.stem_out = nn.Sequential(nn.LayerNorm(widths[0]), nn.GELU())
        self.encoder = nn.ModuleList(
            nn.ModuleList(self._block(width) for _ in range(blocks))
            for width, blocks in zip(widths, layers, strict=True)
        )
        self.pool = nn.ModuleList(_project(fine, coarse) for fine, coarse in pairwise(widths))
        self.unpool = nn.ModuleList(_project(coarse, fine) for fine, coarse in pairwise(widths))
        self.skip = nn.ModuleList(_project(width, width) for width in widths[:-1])
        self.decoder = nn.ModuleList(self._block(width) for width in widths[:-1])

    @property
    def width(self) -> int:
        """See `PointEncoder.width`."""
        return self.config.shape.channels[0]

    def forward(self, cloud: VoxelCloud) -> Float[Tensor, "points width"]:
        """See `PointEncoder.forward`."""
        grid, order = sort_voxels(cloud.coords, cloud.scene)
        if order is None:
            return self._run(cloud.features, OwnSpace(grid))
        return self._run(cloud.features[order], OwnSpace(grid))[order.argsort()]

    def _run(self, x: Tensor, space: OwnSpace) -> Tensor:
        x = self.stem_out(self.stem(x, space.pairs(0, STEM)))
        curves = [self._curves(space, level) for level in range(len(self.encoder))]
        skips = []
        for level in range(len(self.encoder)):
            if level:
                skips.append(x)
                x = _pool(self.pool[level - 1](x), space, level - 1)
            for number, block in enumerate(self.encoder[level].children()):
                x = block(x, space.pairs(level, 3), curves[level][number % 2])
        for level in reversed(range(len(self.decoder))):
            parents = _parents(space, level)
            x = self.unpool[level](x)[parents] + self.skip[level](skips.pop())
            x = self.decoder[level](x, space.pairs(level, 3), curves[level][1])
        return x

    def _curves(self, space: OwnSpace, level: int) -> tuple[Windows, Windows]:
        grid, size = space.grid(level), self.config.window
        return Windows(grid, size, turned=False), Windows(grid, size, turned=True)

    def _block(self, width: int) -> AttentionBlock:
        return AttentionBlock(width, width // self.config.head_channels)


def _project(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs), nn.LayerNorm(outputs), nn.GELU())


def _parents(space: OwnSpace, level: int) -> Tensor:
    """The row of the next level that each row of a level lies in."""
    pairs = space.halved(level).pairs
    fine = pairs.inputs.long()
    return fine.new_empty(pairs.input_count).index_copy(0, fine, pairs.outputs.long())


def _pool(x: Tensor, space: OwnSpace, level: int) -> Tensor:
    """The largest value of each channel in each voxel of the next level."""
    parents = _parents(space, level)[:, None].expand_as(x)
    count = space.halved(level).pairs.output_count
    return x.new_zeros(count, x.shape[1]).scatter_reduce(0, parents, x, "amax", include_self=False)
