"""What every evaluation can be told (torch-free)."""

from typing import Annotated

from pydantic import Field

from gaussrep.config import ComponentConfig, component


class EvaluationConfig(ComponentConfig):
    """Settings that all evaluations share."""

    data: Annotated[ComponentConfig, component("datasets", auto=True)] = Field(
        default="auto", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """What to measure on; `auto` is the data set that the run was trained on."""
    batch_size: int = Field(default=64, ge=1)
    """Samples per forward pass."""
    workers: int = Field(default=0, ge=0)
    """Processes that load samples; 0 loads in the measuring process."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Of everything that is random in the evaluation."""
