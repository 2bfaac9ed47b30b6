"""Settings of the random augmentations of training scenes (torch-free)."""

from collections.abc import Mapping
from math import pi
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from gaussrep.config import Config

Probability = Annotated[float, Field(ge=0, le=1)]
Length = Annotated[float, Field(gt=0)]


class CenterShiftConfig(Config):
    """Move the center of the floor to the origin."""

    probability: Probability = 1.0
    """Probability of this augmentation."""


class DropoutConfig(Config):
    """Drop points at random."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"share": "fraction"}

    probability: Probability = 0.2
    """Probability of this augmentation."""
    fraction: float = Field(default=0.2, ge=0, lt=1)
    """Fraction of the points to drop."""


class RotationConfig(Config):
    """Rotate about the vertical axis through the origin."""

    probability: Probability = 0.5
    """Probability of this augmentation."""
    angle: float = Field(default=pi, ge=0, le=pi)
    """Largest angle in either direction, radians."""


class TiltConfig(Config):
    """Rotate slightly about the x axis and the y axis, independently."""

    probability: Probability = 0.5
    """Probability per axis."""
    angle: float = Field(default=pi / 64, ge=0, le=pi)
    """Largest angle in either direction, radians."""


class ScaleConfig(Config):
    """Scale isotropically."""

    probability: Probability = 1.0
    """Probability of this augmentation."""
    range: tuple[Length, Length] = (0.9, 1.1)
    """Smallest and largest factor."""

    @model_validator(mode="after")
    def _check_order(self) -> "ScaleConfig":
        low, high = self.range
        if low > high:
            raise ValueError(f"range is ({low}, {high}), expected the smaller number first")
        return self


class FlipConfig(Config):
    """Mirror the x axis and the y axis, each on its own."""

    probability: Probability = 0.5
    """Probability per axis."""


class JitterConfig(Config):
    """Move each point on its own; cameras stay."""

    probability: Probability = 1.0
    """Probability of this augmentation."""
    sigma: float = Field(default=0.005, ge=0)
    """Standard deviation per axis in meters."""
    clip: float = Field(default=0.02, ge=0)
    """Largest move per axis in meters."""


class ElasticConfig(Config):
    """Deform space smoothly; an error with views, since images cannot be deformed accordingly."""

    probability: Probability = 0.0
    """Probability of this augmentation; ScanNet's fine-tuning uses 0.95, S3DIS's 0."""
    steps: tuple[tuple[Length, Length], ...] = ((0.2, 0.4), (0.8, 1.6))
    """Cell size of the noise grid and strength of the displacement, meters, applied in sequence."""


class ContrastConfig(Config):
    """Stretch each color channel towards its full range, blended by a random weight."""

    probability: Probability = 0.2
    """Probability of this augmentation."""


class ColorShiftConfig(Config):
    """Add one color to all points and images."""

    probability: Probability = 0.95
    """Probability of this augmentation."""
    ratio: Probability = 0.05
    """Largest shift of a channel in either direction, as a fraction of the full range."""


class ColorJitterConfig(Config):
    """Add noise to the color of each point and pixel."""

    probability: Probability = 0.95
    """Probability of this augmentation."""
    std: float = Field(default=0.05, ge=0)
    """Standard deviation as a fraction of the full range."""


class AugmentConfig(Config):
    """Random augmentations of training scenes, in this order."""

    center_shift: CenterShiftConfig = CenterShiftConfig()
    """Moves the center of the floor to the origin."""
    dropout: DropoutConfig = DropoutConfig()
    """Drops points."""
    rotation: RotationConfig = RotationConfig()
    """Rotates about the vertical axis."""
    tilt: TiltConfig = TiltConfig()
    """Rotates slightly about the horizontal axes."""
    scale: ScaleConfig = ScaleConfig()
    """Scales."""
    flip: FlipConfig = FlipConfig()
    """Flips."""
    jitter: JitterConfig = JitterConfig()
    """Adds noise to positions."""
    elastic: ElasticConfig = ElasticConfig()
    """Deforms space smoothly."""
    contrast: ContrastConfig = ContrastConfig()
    """Stretches contrast."""
    color_shift: ColorShiftConfig = ColorShiftConfig()
    """Shifts colors."""
    color_jitter: ColorJitterConfig = ColorJitterConfig()
    """Adds noise to colors."""
