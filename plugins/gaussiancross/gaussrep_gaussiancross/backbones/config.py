"""Settings of the backbones (torch-free)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig
from gaussrep_gaussiancross.backbones.sizes import (
    SPARSE_UNETS,
    TRANSFORMERS,
    SparseUNetSize,
    TransformerSize,
)

Count = Annotated[int, Field(ge=1)]
Counts = tuple[Count, ...]


class SparseUNetConfig(ComponentConfig):
    """Settings of the `sparse-unet` encoder, SpUNet-v1m1."""

    size: Literal["tiny", "small", "base"] = "base"
    """What the next three are where they are not given; `base` is the published network of 39 M
    parameters, the others are ours."""
    base_channels: Count | None = None
    """Channels after the stem."""
    channels: Counts | None = None
    """Channels of the stages of the encoder and then of the decoder, finest last; the last one is
    the width of the features."""
    layers: Counts | None = None
    """Residual blocks of each stage."""
    engine: Literal["auto", "torch", "spconv"] = "auto"
    """Who convolves: `auto` our kernels on the CPU and torch elsewhere, `torch` torch everywhere,
    `spconv` spconv, on the CPU without gradients. The parameters are the same."""
    weights: Path | None = None
    """Published weights: a `.safetensors` file, or a `.pth` with a `state_dict`, whose names begin
    with `backbone.` or `module.backbone.`."""

    @property
    def shape(self) -> SparseUNetSize:
        """The size, with what is given."""
        return SPARSE_UNETS[self.size].but(
            base_channels=self.base_channels, channels=self.channels, layers=self.layers
        )

    @model_validator(mode="after")
    def _stages_agree(self) -> "SparseUNetConfig":
        stages, blocks = len(self.shape.channels), len(self.shape.layers)
        if stages != blocks or stages % 2 or not stages:
            raise ValueError(
                f"channels has {stages} stages and layers {blocks}; wanted as many of both, an "
                "even number, the first half of the encoder"
            )
        return self


class PointTransformerConfig(ComponentConfig):
    """Settings of the `point-transformer` encoder; sizes are ours, `base` is close to PTv3's."""

    size: Literal["tiny", "small", "base"] = "small"
    """What the next two are where they are not given."""
    channels: Counts | None = None
    """Channels of the levels, finest first; the first one is the width of the features."""
    layers: Counts | None = None
    """Blocks of each level, on the way down; on the way up there is one on each."""
    head_channels: Count = 16
    """Channels of a head of attention (PTv3)."""
    window: Count = 128
    """Voxels that attend to one another (PTv3 without flash attention)."""

    @property
    def shape(self) -> TransformerSize:
        """The size, with what is given."""
        return TRANSFORMERS[self.size].but(channels=self.channels, layers=self.layers)

    @model_validator(mode="after")
    def _levels_agree(self) -> "PointTransformerConfig":
        channels, layers = self.shape.channels, self.shape.layers
        if len(channels) != len(layers) or not channels:
            raise ValueError(
                f"channels has {len(channels)} levels and layers {len(layers)}; wanted as many of "
                "both"
            )
        if wrong := [width for width in channels if width % self.head_channels]:
            raise ValueError(
                f"channels has {wrong[0]}, wanted multiples of head_channels = {self.head_channels}"
            )
        return self
