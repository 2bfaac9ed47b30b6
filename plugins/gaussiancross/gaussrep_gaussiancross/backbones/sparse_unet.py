"""SpUNet-v1m1: the sparse U-Net of Pointcept, with its names, so that its weights load."""

from collections import OrderedDict

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.encoders.point_encoder import PointEncoder
from gaussrep.encoders.voxel_cloud import VoxelCloud
from gaussrep_gaussiancross.backbones.config import SparseUNetConfig
from gaussrep_gaussiancross.backbones.residual_block import ResidualBlock, batch_norm, parts_of
from gaussrep_gaussiancross.backbones.weights import load_weights
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.grid import Grid, sort_voxels
from gaussrep_gaussiancross.sparse.own_space import OwnSpace
from gaussrep_gaussiancross.sparse.space import SparseSpace
from gaussrep_gaussiancross.sparse.spconv_space import Spconv, SpconvSpace

STEM = 5
"""Side of the first kernel, in voxels."""


class SparseUNet(PointEncoder):
    """A U-Net of sparse convolutions over voxels.

    Args:
        config: Settings.
        channels: Numbers that a voxel carries.

    Raises:
        ConfigError: If `config.weights` cannot be read or do not fit.
        UnavailableError: If `config.engine` is spconv and it does not import.
    """

    def __init__(self, config: SparseUNetConfig, channels: int) -> None:
        super().__init__()
        self.config = config
        shape = config.shape
        self.levels = len(shape.channels) // 2
        encoder, decoder = shape.channels[: self.levels], shape.channels[self.levels :][::-1]
        skips = (shape.base_channels, *encoder[:-1])
        deep = (*decoder[1:], encoder[-1])
        self.conv_input = _step(channels, shape.base_channels, STEM)
        self.down, self.enc, self.up, self.dec = (nn.ModuleList() for _ in range(4))
        for s in range(self.levels):
            self.down.append(_step(skips[s], encoder[s], 2))
            self.enc.append(_stage(encoder[s], encoder[s], shape.layers[s]))
            self.up.append(_step(deep[s], decoder[s], 2))
            self.dec.append(_stage(decoder[s] + skips[s], decoder[s], shape.layers[-s - 1]))
        self._spconv = Spconv() if config.engine == "spconv" else None
        if config.weights is not None:
            load_weights(self, config.weights)

    @property
    def width(self) -> int:
        """See `PointEncoder.width`."""
        return self.config.shape.channels[-1]

    def forward(self, cloud: VoxelCloud) -> Float[Tensor, "points width"]:
        """See `PointEncoder.forward`."""
        grid, order = sort_voxels(cloud.coords, cloud.scene)
        space = self._space(grid, cloud.scenes)
        if order is None:
            return self.run(cloud.features, space)
        return self.run(cloud.features[order], space)[order.argsort()]

    def run(
        self, x: Float[Tensor, "points c"], space: SparseSpace
    ) -> Float[Tensor, "points width"]:
        """Compute the network where the order of voxels and who convolves are settled.

        Args:
            x: Features of the voxels of the finest grid, in its order.
            space: Who convolves.

        Returns:
            One vector per voxel, in the same order.
        """
        x = space.same(x, *parts_of(self.conv_input), 0)
        skips = []
        for level in range(self.levels):
            skips.append(x)
            x = space.down(x, *parts_of(self.down[level]), level)
            for block in self.enc[level].children():
                x = block(x, space, level + 1)
        for level in reversed(range(self.levels)):
            x = space.up(x, *parts_of(self.up[level]), level + 1)
            x = torch.cat([x, skips.pop()], 1)
            for block in self.dec[level].children():
                x = block(x, space, level)
        return x

    def _space(self, grid: Grid, scenes: int) -> SparseSpace:
        if self._spconv is not None:
            return SpconvSpace(grid, scenes, self._spconv)
        return OwnSpace(grid, plain=self.config.engine == "torch")


def _step(inputs: int, outputs: int, size: int) -> nn.Sequential:
    return nn.Sequential(SparseConv(inputs, outputs, size), batch_norm(outputs))


def _stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    widths = [inputs] + [outputs] * (blocks - 1)
    named = [(f"block{i}", ResidualBlock(width, outputs)) for i, width in enumerate(widths)]
    return nn.Sequential(OrderedDict(named))
