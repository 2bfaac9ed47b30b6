"""The dense 3D U-Net, E_θ^den, and the projector to the teacher's features, P_ψ."""

from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from gaussrep_gaussiancross.config import DenseConfig

PROJECTOR_WIDTH = 128
"""Channels of the projector's hidden layer (design choice)."""


class DenseUNet(nn.Module):
    """A U-Net of single BatchNorm-convolution-ReLU steps, as the predecessor's (PonderV2).

    Each level halves every side that is longer than one. The decoder upsamples trilinearly and
    concatenates the skipped level.

    Args:
        channels: Channels of the volume.
        config: Channels of each level and of the result.
    """

    def __init__(self, channels: int, config: DenseConfig) -> None:
        super().__init__()
        widths = config.widths
        inputs = (channels, *widths[:-1])
        self.down = nn.ModuleList(_conv_step(a, b) for a, b in zip(inputs, widths, strict=True))
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.up = nn.ModuleList(_conv_step(deep + skip, skip) for deep, skip in pairs)
        self.out = nn.Conv3d(widths[0], config.out_channels, kernel_size=1)

    def forward(self, volume: Float[Tensor, "b c x y z"]) -> Float[Tensor, "b n d"]:
        """Refine a volume.

        Args:
            volume: Mean features of cells.

        Returns:
            F_d, one vector per cell; z changes fastest.
        """
        levels = [self.down[0](volume)]
        for step in list(self.down)[1:]:
            levels.append(step(_downsample(levels[-1])))
        x = levels.pop()
        for step in self.up:
            skip = levels.pop()
            size = list(skip.shape[2:])
            upsampled = interpolate(x, size=size, mode="trilinear", align_corners=False)
            x = step(torch.cat([upsampled, skip], dim=1))
        return rearrange(self.out(x), "b d x y z -> b (x y z) d")


class Projector(nn.Module):
    """Lift low-dimensional rendered features to the teacher's, token by token.

    The rendered map is averaged to the teacher's resolution; the paper does not state which of the
    two it resizes.

    Args:
        channels: Channels of the rendered features.
        width: Channels of the teacher's features; None until `resize`, or until weights are loaded,
            which have a width.
    """

    def __init__(self, channels: int, width: int | None) -> None:
        super().__init__()
        self._channels = channels
        self.layers = nn.Sequential()
        if width is not None:
            self.resize(width)

    @property
    def width(self) -> int | None:
        """Channels of the teacher's features; None if they are not known yet."""
        last = self.layers[-1] if len(self.layers) else None
        return last.out_features if isinstance(last, nn.Linear) else None

    def resize(self, width: int) -> None:
        """Create the layers, with new weights.

        Args:
            width: Channels of the teacher's features.
        """
        self.layers = nn.Sequential(
            nn.Linear(self._channels, PROJECTOR_WIDTH), nn.ReLU(), nn.Linear(PROJECTOR_WIDTH, width)
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Load weights; if the width is not known yet, it is that of the weights."""
        weight = state_dict.get(f"{prefix}layers.2.weight")
        if self.width is None and weight is not None:
            self.resize(len(weight))
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def forward(
        self, rendered: Float[Tensor, "b v h w c"], rows: int, columns: int
    ) -> Float[Tensor, "v_all rows columns d"]:
        """Project rendered features.

        Args:
            rendered: Features of every pixel of every view.
            rows: Rows of the teacher's map.
            columns: Columns of the teacher's map.

        Returns:
            F̂, one map per view, the views of all scenes one after the other.
        """
        pooled = adaptive_avg_pool2d(
            rearrange(rendered, "b v h w c -> (b v) c h w"), (rows, columns)
        )
        return self.layers(rearrange(pooled, "n c h w -> n h w c"))


def _conv_step(channels: int, out: int) -> nn.Module:
    return nn.Sequential(
        nn.BatchNorm3d(channels), nn.Conv3d(channels, out, 3, padding=1, bias=False), nn.ReLU()
    )


def _downsample(volume: Tensor) -> Tensor:
    window = [2 if side > 1 else 1 for side in volume.shape[2:]]
    return nn.functional.max_pool3d(volume, window, ceil_mode=True)
