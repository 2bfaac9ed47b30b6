"""Settings of the core's losses. Never imports torch."""

from pydantic import Field

from gaussrep.config import ComponentConfig


class L1SSIMConfig(ComponentConfig):
    """Settings of the `l1-ssim` loss."""

    ssim_weight: float = Field(default=0.2, ge=0, le=1)
    """λ in (1 - λ) L1 + λ (1 - SSIM); 0.2 in 3DGS (Kerbl et al. 2023, section 5.1)."""


class SmoothL1Config(ComponentConfig):
    """Settings of the `smooth-l1` loss."""

    beta: float = Field(default=0.1, gt=0)
    """Absolute error below which the loss is quadratic; design choice for colors in [0, 1]."""
