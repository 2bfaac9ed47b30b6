"""Settings of this distribution's evaluations (torch-free)."""

from typing import Annotated

from pydantic import Field

from gaussrep.config import ComponentConfig, component
from gaussrep.evaluation.config import SampledConfig

Share = Annotated[float, Field(gt=0, le=1)]


class LayersConfig(SampledConfig):
    """Settings of the `layers` evaluation."""

    shares: tuple[Share, ...] = Field(default=(1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0), min_length=1)
    """Shares of the Gaussians to draw (ours; the paper shows 32 to all of them)."""


class FigureGroundConfig(SampledConfig):
    """Settings of the `figure-ground` evaluation."""

    data: Annotated[ComponentConfig, component("datasets", auto=True)] = Field(
        default="shapes", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """What to measure on; its samples have a `figure`."""


class DepthOrderConfig(SampledConfig):
    """Settings of the `depth-order` evaluation."""

    data: Annotated[ComponentConfig, component("datasets", auto=True)] = Field(
        default="shapes", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """What to measure on; its samples have a `depth`, or a `disparity` with `valid`."""
    pairs: int = Field(default=2000, ge=1)
    """Pairs of pixels drawn per image (ours)."""
    least: float = Field(default=0.1, gt=0, lt=1)
    """Least difference of a pair that counts, as a share of the image's range of truth (ours)."""
    stride: Share = 0.5
    """Distance between windows over a picture that is no square, as a share of their side."""


class EdgesConfig(SampledConfig):
    """Settings of the `edges` evaluation; all ours.

    Smoothing was chosen on every fifth photograph of BSDS500's train split, scales on six of them.
    """

    layers: int = Field(default=8, ge=2)
    """Groups of Gaussians in the depth order."""
    scales: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=(1.0,), min_length=1)
    """Sizes at which the photograph is looked at, as multiples of its own; maps are averaged."""
    stride: Share = 0.5
    """Distance between windows, as a share of their side."""
    smoothing: float = Field(default=1.0, ge=0)
    """Standard deviation in pixels by which the joined maps are smoothed before thinning."""
    jump_threshold: float = Field(default=0.2, ge=0)
    """Change of a color channel that counts in the layer map, of which the jumps are a row."""
    thresholds: int = Field(default=33, ge=1)
    """Thresholds at which boundaries are scored."""
