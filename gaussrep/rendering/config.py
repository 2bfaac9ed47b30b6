"""Settings of the core's renderers (torch-free)."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from gaussrep.config import ComponentConfig


class ReferenceConfig(ComponentConfig):
    """Settings of the `reference` renderer."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"block": "max_pairs"}

    max_pairs: int = Field(default=2**20, ge=1)
    """Largest number of pixel-Gaussian pairs in memory at once."""
    order_window: int = Field(default=0, ge=0)
    """Give depth a gradient through the order of the Gaussians, from pairs that are at most so many
    places apart in the list of a pixel; 0 gives none, as in other renderers (design choice)."""
    order_temperature: float = Field(default=0.1, gt=0)
    """Difference of depth, in scene units, at which the order of a pair is certain by 0.73; with
    `order_window`."""


class CpuConfig(ComponentConfig):
    """Settings of the `cpu` renderer: none; it uses torch's number of threads."""


class TritonConfig(ComponentConfig):
    """Settings of the `triton` renderer."""

    max_tile_pairs: int | None = Field(default=None, ge=1)
    """Largest number of pairs of a tile of 16 x 16 pixels and a Gaussian in one call. With it, a
    call does not wait for the device to count them, so that CUDA graphs can capture it, and memory
    is allocated for so many; all images of a call with more pairs are NaN. None counts them."""


class GsplatConfig(ComponentConfig):
    """Settings of the `gsplat` renderer."""

    packed: bool = False
    """Keep only the visible Gaussians of each view in memory: less memory for large scenes, a
    little slower."""

    channel_chunk: int = Field(default=32, ge=1, le=512)
    """Largest number of channels rasterized in one pass."""
