"""Settings of the core's renderers (torch-free)."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from gaussrep.config import ComponentConfig


class OrderConfig(ComponentConfig):
    """Settings of the gradient to the order in depth, see `gaussrep.rendering.order_gradient`."""

    order_window: int = Field(default=0, ge=0)
    """Estimate a gradient for depth through the order of the Gaussians, from pairs at most this
    many places apart in a pixel's list; 0 disables it, as in other renderers (design choice)."""
    order_temperature: float = Field(default=0.1, gt=0)
    """Difference of depth, in scene units, at which the order of a pair is certain by 0.73; with
    `order_window`."""


class ReferenceConfig(OrderConfig):
    """Settings of the `reference` renderer."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"block": "max_pairs"}

    max_pairs: int = Field(default=2**20, ge=1)
    """Largest number of pixel-Gaussian pairs in memory at once."""


class CpuConfig(OrderConfig):
    """Settings of the `cpu` renderer, which uses torch's number of threads."""


class TritonConfig(ComponentConfig):
    """Settings of the `triton` renderer."""

    max_tile_pairs: int | None = Field(default=None, ge=1)
    """Maximum number of pairs of a tile of 16 x 16 pixels and a Gaussian per call. If set, memory
    is allocated for this number and a call does not synchronize with the device to count them, so
    CUDA graphs can capture it; if there are more pairs, all images of the call are NaN. `null`
    counts them."""


class GsplatConfig(ComponentConfig):
    """Settings of the `gsplat` renderer."""

    packed: bool = False
    """Keep only the visible Gaussians of each view in memory: less memory for large scenes, a
    little slower."""

    channel_chunk: int = Field(default=32, ge=1, le=512)
    """Largest number of channels rasterized in one pass."""
