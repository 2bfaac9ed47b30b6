"""Settings of every part (torch-free); all numbers are ours."""

from typing import Annotated

from pydantic import Field

from gaussrep.config import ComponentConfig, Config, component

Count = Annotated[int, Field(ge=1)]


class AdditiveRendererConfig(ComponentConfig):
    """Settings of the `additive` renderer."""

    tile: Count = 8
    """Side of a tile in pixels."""
    block: Count = 2**15
    """Most pairs of a Gaussian and a tile that are in memory at once; where there are more, the
    backward pass computes them again."""


class StridedConfig(ComponentConfig):
    """Settings of the `strided` encoder."""

    width: int = Field(default=96, ge=8, multiple_of=8)
    """Length of a feature vector."""
    halvings: Count = 3
    """Times that the picture's sides are halved: a cell has a side of 2^halvings pixels."""
    blocks: Count = 3
    """Residual blocks on the last grid."""


class PyramidConfig(ComponentConfig):
    """Settings of the `pyramid` loss."""

    levels: Count = 3
    """Pictures that are compared: the one given, and smaller ones, each half as large."""


class AdditiveConfig(ComponentConfig):
    """Settings of the `additive` method."""

    per_cell: Count = 4
    """Gaussians per cell of the encoder's grid."""
    encoder: Annotated[ComponentConfig, component("encoders")] = StridedConfig(type="strided")
    """Who looks at the picture."""
    renderer: Annotated[ComponentConfig, component("renderers")] = AdditiveRendererConfig(
        type="additive"
    )
    """Who draws."""
    loss: Annotated[ComponentConfig, component("losses")] = PyramidConfig(type="pyramid")
    """Who compares."""


class FitPictureConfig(Config):
    """How one picture is fitted."""

    gaussians: Count = 1000
    """Their number; it does not change."""
    steps: Count = 500
    """Steps of Adam (paper: 50,000 of Adan)."""
    lr: float = Field(default=0.02, gt=0)
    """Learning rate at the first step; it falls to a hundredth along a cosine."""
    seed: int = Field(default=0, ge=0)
    """Of the first places."""
