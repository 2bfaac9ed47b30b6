"""The dense 3D U-Net and the projector to the teacher's features."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from gaussrep_gaussiancross.config import DenseConfig


class DenseUNet(nn.Module):
    """A U-Net of single convolutions, BatchNorm, convolution, ReLU, as the predecessor's.

    Levels halve every side that is longer than one; the way up is trilinear, with the skipped level
    joined by concatenation.

    Args:
        channels: Channels of the volume.
        config: Channels of each level and of the result.
    """

    def __init__(self, channels: int, config: DenseConfig) -> None:
        super().__init__()
        widths = config.widths
        into = (channels, *widths[:-1])
        self.down = nn.ModuleList(_step(a, b) for a, b in zip(into, widths, strict=True))
        back = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.up = nn.ModuleList(_step(deep + skip, skip) for deep, skip in back)
        self.out = nn.Conv3d(widths[0], config.out, kernel_size=1)

    def forward(self, volume: Float[Tensor, "b c x y z"]) -> Float[Tensor, "b n d"]:
        """Refine a volume.

        Args:
            volume: Mean features of cells.

        Returns:
            F_d, one vector per cell; z changes fastest.
        """
        levels = [self.down[0](volume)]
        for step in list(self.down)[1:]:
            levels.append(step(_halved(levels[-1])))
        found = levels.pop()
        for step in self.up:
            skip = levels.pop()
            size = list(skip.shape[2:])
            grown = interpolate(found, size=size, mode="trilinear", align_corners=False)
            found = step(torch.cat([grown, skip], dim=1))
        return rearrange(self.out(found), "b d x y z -> b (x y z) d")


def _step(channels: int, out: int) -> nn.Module:
    return nn.Sequential(
        nn.BatchNorm3d(channels), nn.Conv3d(channels, out, 3, padding=1, bias=False), nn.ReLU()
    )


def _halved(volume: Tensor) -> Tensor:
    window = [2 if side > 1 else 1 for side in volume.shape[2:]]
    return nn.functional.max_pool3d(volume, window, ceil_mode=True)


HIDDEN = 128
"""Channels between the projector's two layers (ours)."""


class Projector(nn.Module):
    """Lifts low-dimensional rendered features to the teacher's, cell by cell of its map.

    The rendered map is averaged to the size of the teacher's; which of the two the paper resizes is
    not known.

    Args:
        channels: Channels of the rendered features.
        width: Channels of the teacher's.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(channels, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, width)
        )

    def forward(
        self, rendered: Float[Tensor, "b v h w c"], rows: int, columns: int
    ) -> Float[Tensor, "v_all rows columns d"]:
        """Project rendered features.

        Args:
            rendered: Features of every pixel of every view.
            rows: Rows of the teacher's map.
            columns: Its columns.

        Returns:
            F̂, one map per view, the views of all scenes in one row.
        """
        pooled = adaptive_avg_pool2d(
            rearrange(rendered, "b v h w c -> (b v) c h w"), (rows, columns)
        )
        return self.layers(rearrange(pooled, "n c h w -> n h w c"))
