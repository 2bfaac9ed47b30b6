"""Settings of the MAE twin (torch-free)."""

from typing import Literal

from gaussrep_gmae.masked_config import MaskedConfig


class MAEConfig(MaskedConfig):
    """Settings of the `mae` method; the defaults are MAE's ViT-Base model."""

    target: Literal["plain", "normalized"] = "plain"
    """Say colors in [0, 1], as GMAE does, or each patch with its own mean and deviation taken
    away, MAE's stronger setting."""
