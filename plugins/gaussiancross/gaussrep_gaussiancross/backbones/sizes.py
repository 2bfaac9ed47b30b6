"""Named sizes of the backbones (torch-free)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any


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
