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

    Attributes:
        base_channels: Channels after the stem.
        channels: Channels of each stage, encoder then decoder.
        layers: Residual blocks of each stage.
    """

    base_channels: int
    channels: tuple[int, ...]
    layers: tuple[int, ...]

    def override(self, **values: Any) -> "SparseUNetSize":
        """Replace values.

        Args:
            **values: New values by name; None keeps the present one.

        Returns:
            The new size.
        """
        return replace(self, **_without_none(values))


@dataclass(frozen=True, slots=True)
class TransformerSize:
    """Size of a point transformer.

    Attributes:
        channels: Channels of each level.
        layers: Blocks of each level.
    """

    channels: tuple[int, ...]
    layers: tuple[int, ...]

    def override(self, **values: Any) -> "TransformerSize":
        """Replace values.

        Args:
            **values: New values by name; None keeps the present one.

        Returns:
            The new size.
        """
        return replace(self, **_without_none(values))


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


SPARSE_UNETS: Mapping[str, SparseUNetSize] = MappingProxyType(
    {
        "tiny": SparseUNetSize(16, (16, 32, 48, 64, 64, 48, 32, 32), (1,) * 8),
        "small": SparseUNetSize(32, (32, 64, 96, 128, 128, 96, 64, 64), (1, 1, 2, 2, 1, 1, 1, 1)),
        "base": SparseUNetSize(32, (32, 64, 128, 256, 256, 128, 96, 96), (2, 3, 4, 6, 2, 2, 2, 2)),
    }
)
"""Sizes of sparse U-Nets; `base` is SpUNet-v1m1's, the others are design choices."""

TRANSFORMERS: Mapping[str, TransformerSize] = MappingProxyType(
    {
        "tiny": TransformerSize((32, 48, 64), (1, 1, 1)),
        "small": TransformerSize((32, 64, 128, 192), (1, 1, 2, 1)),
        "base": TransformerSize((64, 96, 128, 256, 512), (2, 2, 2, 6, 2)),
    }
)
"""Sizes of point transformers; all are design choices."""


Count = Annotated[int, Field(ge=1)]
Counts = tuple[Count, ...]


class SparseUNetConfig(ComponentConfig):
    """Settings of the `sparse-unet` encoder, SpUNet-v1m1."""

    size: Literal["tiny", "small", "base"] = "base"
    """Defaults of the next three settings; `base` is the published network of 39 M parameters, the
    others are design choices."""
    base_channels: Count | None = None
    """Channels after the stem."""
    channels: Counts | None = None
    """Channels of the encoder's stages and then of the decoder's, finest last; the last one is the
    width of the features."""
    layers: Counts | None = None
    """Residual blocks of each stage."""
    engine: Literal["auto", "torch", "spconv"] = "auto"
    """Implementation of the convolutions: compiled kernels on the CPU and torch elsewhere (`auto`),
    torch everywhere (`torch`), or spconv, without gradients on the CPU (`spconv`). The parameters
    are the same."""
    weights: Path | None = None
    """Published weights that a new run starts from: a `.safetensors` file, or a `.pth` with a
    `state_dict`, whose names begin with `backbone.` or `module.backbone.`."""

    @property
    def shape(self) -> SparseUNetSize:
        """The named size with the settings applied."""
        return SPARSE_UNETS[self.size].override(
            base_channels=self.base_channels, channels=self.channels, layers=self.layers
        )

    @model_validator(mode="after")
    def _stages_agree(self) -> "SparseUNetConfig":
        stages, blocks = len(self.shape.channels), len(self.shape.layers)
        if stages != blocks or stages % 2 or not stages:
            raise ValueError(
                f"channels has {stages} stages and layers {blocks}; expected the same even "
                "number of both, the first half for the encoder"
            )
        return self


class PointTransformerConfig(ComponentConfig):
    """Settings of the `point-transformer` encoder.

    The sizes are design choices; `base` is close to PTv3's.
    """

    size: Literal["tiny", "small", "base"] = "small"
    """Defaults of the next two settings."""
    channels: Counts | None = None
    """Channels of the levels, finest first; the first one is the width of the features."""
    layers: Counts | None = None
    """Blocks of each level of the encoder; the decoder has one per level."""
    head_channels: Count = 16
    """Channels of an attention head (PTv3)."""
    window: Count = 128
    """Voxels per attention window (PTv3 without flash attention)."""

    @property
    def shape(self) -> TransformerSize:
        """The named size with the settings applied."""
        return TRANSFORMERS[self.size].override(channels=self.channels, layers=self.layers)

    @model_validator(mode="after")
    def _levels_agree(self) -> "PointTransformerConfig":
        channels, layers = self.shape.channels, self.shape.layers
        if len(channels) != len(layers) or not channels:
            raise ValueError(
                f"channels has {len(channels)} levels and layers {len(layers)}; expected the same "
                "number of both"
            )
        if wrong := [width for width in channels if width % self.head_channels]:
            raise ValueError(
                f"channels has {wrong[0]}, expected multiples of head_channels = "
                f"{self.head_channels}"
            )
        return self
