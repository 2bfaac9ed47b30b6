"""Settings of the core's renderers (torch-free)."""

from pydantic import Field

from gaussrep.config import ComponentConfig


class ReferenceConfig(ComponentConfig):
    """Settings of the `reference` renderer."""

    block: int = Field(default=2**22, ge=1)
    """Largest number of pixel-Gaussian pairs held in memory at once."""


class CpuConfig(ComponentConfig):
    """Settings of the `cpu` renderer: it has none; threads are those of torch."""
