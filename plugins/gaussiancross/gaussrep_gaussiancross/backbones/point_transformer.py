"""Point transformer in the manner of PTv3: attention in windows along a curve, in plain torch."""

from itertools import pairwise

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from gaussrep.encoders import PointEncoder, VoxelCloud
from gaussrep_gaussiancross.backbones.config import PointTransformerConfig
from gaussrep_gaussiancross.sparse.backend import NativeBackend
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.kernel_map import Grid, KernelMap, encode_in_order


class Windows:
    """Groups of `size` voxels along a z-order curve; no group spans two scenes.

    Args:
        grid: Occupied voxels.
        size: Voxels per window; the last window of a scene is padded.
        reverse_axes: Whether the curve interleaves z, y and x instead of x, y and z.

    Attributes:
        rows: Voxel at each position; 0 where there is none.
        filled: Mask of the positions that hold a voxel.
        positions: Position of each voxel in the flattened windows.
    """

    rows: Int64[Tensor, "windows size"]
    filled: Bool[Tensor, "windows size"]
    positions: Int64[Tensor, " points"]

    def __init__(self, grid: Grid, size: int, *, reverse_axes: bool) -> None:
        order = _curve_position(grid, reverse_axes).argsort(stable=True)
        order = order[grid.scene[order].argsort(stable=True)]
        counts = grid.scene.bincount()
        padded = -(-counts // size) * size
        shift = padded.cumsum(0) - padded - (counts.cumsum(0) - counts)
        ranks = torch.arange(grid.count, device=order.device) + shift[grid.scene[order]]
        total = int(padded.sum())
        self.rows = order.new_zeros(total).index_copy(0, ranks, order).view(-1, size)
        self.filled = order.new_zeros(total).index_fill(0, ranks, 1).view(-1, size).bool()
        self.positions = torch.empty_like(order).index_copy(0, order, ranks)


def _curve_position(grid: Grid, reverse_axes: bool) -> Tensor:
    """Interleave the bits of each voxel's coordinates: its position on the z-order curve."""
    axes = grid.coords.long().unbind(1)
    position = torch.zeros_like(axes[0])
    for bit in range(int(grid.coords.max()).bit_length()):
        for axis, values in enumerate(axes[::-1] if reverse_axes else axes):
            position |= (values >> bit & 1) << (3 * bit + axis)
    return position


MLP_RATIO = 4
"""Hidden channels of the feed-forward part per channel (PTv3)."""


class AttentionBlock(nn.Module):
    """A positional convolution, attention within windows, and a feed-forward part.

    Each is residual; the latter two have normalized inputs (PTv3).

    Args:
        channels: Channels of the features.
        heads: Attention heads.
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
            nn.Linear(channels, MLP_RATIO * channels),
            nn.GELU(),
            nn.Linear(MLP_RATIO * channels, channels),
        )

    def forward(
        self, x: Float[Tensor, "rows c"], kernel_map: KernelMap, windows: Windows
    ) -> Float[Tensor, "rows c"]:
        """Compute the block.

        Args:
            x: Features of a level.
            kernel_map: Kernel map of the level, of size 3.
            windows: Attention windows of the level.

        Returns:
            Features of the level.
        """
        x = x + self.position_out(self.position(x, kernel_map))
        x = x + self._attend(self.norm1(x), windows)
        return x + self.feed_forward(self.norm2(x))

    def _attend(self, x: Tensor, windows: Windows) -> Tensor:
        qkv = self.qkv(x)[windows.rows]
        q, k, v = rearrange(qkv, "w n (part h c) -> part w h n c", part=3, h=self.heads)
        mask = windows.filled[:, None, None]
        out = rearrange(scaled_dot_product_attention(q, k, v, mask), "w h n c -> (w n) (h c)")
        return self.attention_out(out[windows.positions])


STEM_SIZE = 5
"""Side of the first kernel, in voxels (PTv3)."""


class PointTransformer(PointEncoder):
    """A U-Net of attention blocks over voxels; each level halves the resolution.

    Unlike PTv3 it uses layer normalization instead of batch normalization, alternates two z-order
    curves in a fixed order, and pads the last window of a scene. The features of a scene therefore
    depend on nothing else in the batch, in training too.

    Args:
        config: Settings.
        channels: Input channels of a voxel.
    """

    def __init__(self, config: PointTransformerConfig, channels: int) -> None:
        super().__init__()
        self.config = config
        widths, layers = config.shape.channels, config.shape.layers
        self.stem = SparseConv(channels, widths[0], STEM_SIZE)
        self.stem_out = nn.Sequential(nn.LayerNorm(widths[0]), nn.GELU())
        self.encoder = nn.ModuleList(
            nn.ModuleList(self._block(width) for _ in range(blocks))
            for width, blocks in zip(widths, layers, strict=True)
        )
        self.pool = nn.ModuleList(_projection(fine, coarse) for fine, coarse in pairwise(widths))
        self.unpool = nn.ModuleList(_projection(coarse, fine) for fine, coarse in pairwise(widths))
        self.skip = nn.ModuleList(_projection(width, width) for width in widths[:-1])
        self.decoder = nn.ModuleList(self._block(width) for width in widths[:-1])

    @property
    def width(self) -> int:
        """See `PointEncoder.width`."""
        return self.config.shape.channels[0]

    def forward(self, cloud: VoxelCloud) -> Float[Tensor, "points width"]:
        """See `PointEncoder.forward`."""
        return encode_in_order(cloud, lambda x, grid: self._run(x, NativeBackend(grid))[-1])

    @property
    def multi_scale_width(self) -> int:
        """See `PointEncoder.multi_scale_width`."""
        return sum(self.config.shape.channels)

    def encode_multi_scale(self, cloud: VoxelCloud) -> Float[Tensor, "points widths"]:
        """Encode scenes at all resolutions: those of the decoder, and the coarsest of the encoder.

        Args:
            cloud: Occupied voxels and their input features.

        Returns:
            One vector per voxel, the finest resolution first.
        """

        def encode(x: Tensor, grid: Grid) -> Tensor:
            backend = NativeBackend(grid)
            return backend.join_levels(self._run(x, backend)[::-1])

        return encode_in_order(cloud, encode)

    def _run(self, x: Tensor, backend: NativeBackend) -> list[Tensor]:
        """Compute the network, and return the features of each level, the coarsest first."""
        x = self.stem_out(self.stem(x, backend.kernel_map(0, STEM_SIZE)))
        windows = [self._windows(backend, level) for level in range(len(self.encoder))]
        skips = []
        for level in range(len(self.encoder)):
            if level:
                skips.append(x)
                x = _pool(self.pool[level - 1](x), backend, level - 1)
            for number, block in enumerate(self.encoder[level].children()):
                x = block(x, backend.kernel_map(level, 3), windows[level][number % 2])
        levels = [x]
        for level in reversed(range(len(self.decoder))):
            parents = backend.downsampled(level).parents
            x = self.unpool[level](x)[parents] + self.skip[level](skips.pop())
            x = self.decoder[level](x, backend.kernel_map(level, 3), windows[level][1])
            levels.append(x)
        return levels

    def _windows(self, backend: NativeBackend, level: int) -> tuple[Windows, Windows]:
        grid, size = backend.grid(level), self.config.window
        return Windows(grid, size, reverse_axes=False), Windows(grid, size, reverse_axes=True)

    def _block(self, width: int) -> AttentionBlock:
        return AttentionBlock(width, width // self.config.head_channels)


def _projection(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs), nn.LayerNorm(outputs), nn.GELU())


def _pool(x: Tensor, backend: NativeBackend, level: int) -> Tensor:
    """Max-pool each channel into the voxels of the next coarser level."""
    coarser = backend.downsampled(level)
    parents = coarser.parents[:, None].expand_as(x)
    return x.new_zeros(coarser.grid.count, x.shape[1]).scatter_reduce(
        0, parents, x, "amax", include_self=False
    )
