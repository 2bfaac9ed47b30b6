"""Settings of the random augmentations of training scenes (torch-free)."""

from collections.abc import Mapping
from math import pi
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from gaussrep.config import Config

Probability = Annotated[float, Field(ge=0, le=1)]
Length = Annotated[float, Field(gt=0)]


class CenterShiftConfig(Config):
    """Move the middle of the floor to the origin."""

    probability: Probability = 1.0
    """How often."""


class DropoutConfig(Config):
    """Leave points out at random."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"share": "fraction"}

    probability: Probability = 0.2
    """How often."""
    fraction: float = Field(default=0.2, ge=0, lt=1)
    """Share of the points that goes."""


class RotationConfig(Config):
    """Turn about the vertical axis through the origin."""

    probability: Probability = 0.5
    """How often."""
    angle: float = Field(default=pi, ge=0, le=pi)
    """Largest angle either way in radians."""


class TiltConfig(Config):
    """Turn a little about the x axis and about the y axis, each on its own."""

    probability: Probability = 0.5
    """How often, per axis."""
    angle: float = Field(default=pi / 64, ge=0, le=pi)
    """Largest angle either way in radians."""


class ScaleConfig(Config):
    """Grow or shrink, all axes alike."""

    probability: Probability = 1.0
    """How often."""
    range: tuple[Length, Length] = (0.9, 1.1)
    """Smallest and largest factor."""

    @model_validator(mode="after")
    def _check_order(self) -> "ScaleConfig":
        low, high = self.range
        if low > high:
            raise ValueError(f"range is ({low}, {high}), wanted the smaller number first")
        return self


class FlipConfig(Config):
    """Mirror the x axis and the y axis, each on its own."""

    probability: Probability = 0.5
    """How often, per axis."""


class JitterConfig(Config):
    """Move each point on its own; cameras stay."""

    probability: Probability = 1.0
    """How often."""
    sigma: float = Field(default=0.005, ge=0)
    """Standard deviation per axis in meters."""
    clip: float = Field(default=0.02, ge=0)
    """Largest move per axis in meters."""


class ElasticConfig(Config):
    """Bend space smoothly; refused where there are views, as images cannot be bent along."""

    probability: Probability = 0.0
    """How often; off unless asked for. ScanNet's fine-tuning uses 0.95, S3DIS's none."""
    steps: tuple[tuple[Length, Length], ...] = ((0.2, 0.4), (0.8, 1.6))
    """Size of the noise grid's cells and strength of the move in meters, one after another."""


class ContrastConfig(Config):
    """Stretch each color channel towards its full range, by a random share."""

    probability: Probability = 0.2
    """How often."""


class ColorShiftConfig(Config):
    """Add one color to all points and images."""

    probability: Probability = 0.95
    """How often."""
    ratio: Probability = 0.05
    """Largest change of a channel either way, as a share of the full range."""


class ColorJitterConfig(Config):
    """Add noise to the color of each point and pixel."""

    probability: Probability = 0.95
    """How often."""
    std: float = Field(default=0.05, ge=0)
    """Standard deviation as a share of the full range."""


class AugmentConfig(Config):
    """What is changed at random in training scenes, in this order."""

    center_shift: CenterShiftConfig = CenterShiftConfig()
    """Moves the middle of the floor to the origin."""
    dropout: DropoutConfig = DropoutConfig()
    """Leaves points out."""
    rotation: RotationConfig = RotationConfig()
    """Turns about the vertical axis."""
    tilt: TiltConfig = TiltConfig()
    """Turns a little about the horizontal axes."""
    scale: ScaleConfig = ScaleConfig()
    """Grows or shrinks."""
    flip: FlipConfig = FlipConfig()
    """Mirrors."""
    jitter: JitterConfig = JitterConfig()
    """Moves points one by one."""
    elastic: ElasticConfig = ElasticConfig()
    """Bends space."""
    contrast: ContrastConfig = ContrastConfig()
    """Stretches colors."""
    color_shift: ColorShiftConfig = ColorShiftConfig()
    """Shifts colors."""
    color_jitter: ColorJitterConfig = ColorJitterConfig()
    """Adds noise to colors."""
