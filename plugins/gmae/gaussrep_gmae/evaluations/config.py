"""Settings of this distribution's evaluations (torch-free)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from gaussrep.config import ComponentConfig, component
from gaussrep.evaluation import SampledConfig

Fraction = Annotated[float, Field(gt=0, le=1)]


class LayersConfig(SampledConfig):
    """Settings of the `layers` evaluation."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"shares": "fractions"}

    fractions: tuple[Fraction, ...] = Field(
        default=(1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0), min_length=1
    )
    """Fractions of the Gaussians to render (design choice; the paper shows 32 to all of them)."""


class FigureGroundConfig(SampledConfig):
    """Settings of the `figure-ground` evaluation."""

    data: Annotated[ComponentConfig, component("datasets", auto=True)] = Field(
        default="shapes", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """Data set to evaluate on; its samples have a `figure`."""


class DepthOrderConfig(SampledConfig):
    """Settings of the `depth-order` evaluation."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"least": "min_difference"}

    data: Annotated[ComponentConfig, component("datasets", auto=True)] = Field(
        default="shapes", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """Data set to evaluate on; its samples have a `depth`, or a `disparity` with `valid`."""
    pairs: int = Field(default=2000, ge=1)
    """Pairs of pixels drawn per image (design choice)."""
    min_difference: float = Field(default=0.1, gt=0, lt=1)
    """Smallest difference in true depth of a pair that counts, as a fraction of the image's range
    (design choice)."""
    stride: Fraction = 0.5
    """Distance between windows over an image that is not square, as a fraction of their side."""
    training_images: int = Field(default=500, ge=1)
    """Training images whose mean border assumption is part of a baseline (design choice)."""


class EdgesConfig(SampledConfig):
    """Settings of the `edges` evaluation; all are design choices.

    Smoothing was chosen on every fifth image of BSDS500's train split, scales on six of them.
    """

    renamed_keys: ClassVar[Mapping[str, str]] = {"jump_threshold": "change_threshold"}

    layers: int = Field(default=8, ge=2)
    """Groups of Gaussians in the depth order."""
    scales: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=(1.0,), min_length=1)
    """Scales of the image, as multiples of its own size; maps are averaged over them."""
    stride: Fraction = 0.5
    """Distance between windows, as a fraction of their side."""
    smoothing: float = Field(default=1.0, ge=0)
    """Standard deviation in pixels of the smoothing of the joined maps before thinning."""
    change_threshold: float = Field(default=0.2, ge=0)
    """Change of a color channel that counts in the layer map, whose discontinuities are a row."""
    thresholds: int = Field(default=33, ge=1)
    """Thresholds at which boundaries are scored."""
