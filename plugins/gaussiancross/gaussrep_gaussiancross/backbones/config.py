"""Settings and named sizes of the backbones (torch-free)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig


@dataclass(frozen=True, slots=True)
class SparseUNetSize:
    """Size of a sparse U-Net.

    Args:
        base_channels: Channels after the stem.
        channels: Channels of each stage, encoder then decoder.
        layers: Residual blocks of each stage.
    """

    base_channels: int
    channels: tuple[int, ...]
    layers: tuple[int, ...]

    def but(self, **given: Any) -> "SparseUNetSize":
        """The same with other values, where they are not None."""
        return replace(self, **_without_none(given))


@dataclass(frozen=True, slots=True)
class TransformerSize:
    """Size of a point transformer.

    Args:
        channels: Channels of each level.
        layers: Blocks of each level.
    """

    channels: tuple[int, ...]
    layers: tuple[int, ...]

    def but(self, **given: Any) -> "TransformerSize":
        """The same with other values, where they are not None."""
        return replace(self, **_without_none(given))


def _without_none(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


SPARSE_UNETS: Mapping[str, SparseUNetSize] = MappingProxyType(
    {
        "tiny": SparseUNetSize(16, (16, 32, 48, 64, 64, 48, 32, 32), (1,) * 8),
        "small": SparseUNetSize(32, (32, 64, 96, 128, 128, 96, 64, 64), (1, 1, 2, 2, 1, 1, 1, 1)),
        "base": SparseUNetSize(32, (32, 64, 128, 256, 256, 128, 96, 96), (2, 3, 4, 6, 2, 2, 2, 2)),
    }
)
"""Sparse U-Nets by name; `base` is SpUNet-v1m1's, the others are ours."""

TRANSFORMERS: Mapping[str, TransformerSize] = MappingProxyType(
    {
        "tiny": TransformerSize((32, 48, 64), (1, 1, 1)),
        "small": TransformerSize((32, 64, 128, 192), (1, 1, 2, 1)),
        "base": TransformerSize((64, 96, 128, 256, 512), (2, 2, 2, 6, 2)),
    }
)
"""Point transformers by name; all are ours."""


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
