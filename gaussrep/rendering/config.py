"""Settings of the core's renderers (torch-free)."""

from pydantic import Field

from gaussrep.config import ComponentConfig


class ReferenceConfig(ComponentConfig):
    """Settings of the `reference` renderer."""

    block: int = Field(default=2**20, ge=1)
    """Largest number of pixel-Gaussian pairs held in memory at once."""


class CpuConfig(ComponentConfig):
    """Settings of the `cpu` renderer: it has none; threads are those of torch."""


class GsplatConfig(ComponentConfig):
    """Settings of the `gsplat` renderer."""

    packed: bool = False
    """Keep in memory only what each view sees: less memory for large scenes, a little slower."""

    channel_chunk: int = Field(default=32, ge=1, le=512)
    """Largest number of channels drawn in one pass."""
