"""Settings of the `views` evaluation (torch-free)."""

from pydantic import Field

from gaussrep.evaluation.config import SampledConfig


class ViewsConfig(SampledConfig):
    """Settings of the `views` evaluation."""

    batch_size: int = Field(default=1, ge=1)
    """Scenes per forward pass."""
    untrained: bool = True
    """Measure the same method with fresh weights as well."""
