"""A point transformer in the manner of PTv3: attention in windows along a curve, in plain torch."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.encoders.point_encoder import PointEncoder
from gaussrep.encoders.voxel_cloud import VoxelCloud
from gaussrep_gaussiancross.backbones.attention_block import AttentionBlock
from gaussrep_gaussiancross.backbones.config import PointTransformerConfig
from gaussrep_gaussiancross.backbones.windows import Windows
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.grid import sort_voxels
from gaussrep_gaussiancross.sparse.own_space import OwnSpace

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
