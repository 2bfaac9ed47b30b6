"""Settings of every part (torch-free); all numbers are design choices."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from gaussrep.config import ComponentConfig, Config, component

Count = Annotated[int, Field(ge=1)]


class AdditiveRendererConfig(ComponentConfig):
    """Settings of the `additive` renderer."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"block": "max_pairs"}

    tile: Count = 8
    """Side of a tile in pixels."""
    max_pairs: Count = 2**15
    """Largest number of pairs of a Gaussian and a tile in memory at once; with more, the backward
    pass recomputes them."""


class StridedConfig(ComponentConfig):
    """Settings of the `strided` encoder."""

    width: int = Field(default=96, ge=8, multiple_of=8)
    """Length of a feature vector."""
    halvings: Count = 3
    """Strided convolutions, each of which halves the image's sides: a cell has 2^halvings pixels
    along each side."""
    blocks: Count = 3
    """Residual blocks on the last grid."""


class PyramidConfig(ComponentConfig):
    """Settings of the `pyramid` loss."""

    levels: Count = 3
    """Levels of the image pyramid: the image itself, and copies each half as large."""


class AdditiveConfig(ComponentConfig):
    """Settings of the `additive` method."""

    per_cell: Count = 4
    """Gaussians per cell of the encoder's grid."""
    encoder: Annotated[ComponentConfig, component("encoders")] = StridedConfig(type="strided")
    """Encoder of the images."""
    renderer: Annotated[ComponentConfig, component("renderers")] = AdditiveRendererConfig(
        type="additive"
    )
    """Renderer of the Gaussians."""
    loss: Annotated[ComponentConfig, component("losses")] = PyramidConfig(type="pyramid")
    """Loss between the rendered and the input images."""


class FitImageConfig(Config):
    """Settings of the fit of one image."""

    gaussians: Count = 1000
    """Number of Gaussians; it is fixed."""
    steps: Count = 500
    """Steps of Adam (paper: 50,000 of Adan)."""
    lr: float = Field(default=0.02, gt=0)
    """Learning rate at the first step; it falls to a hundredth along a cosine."""
    seed: int = Field(default=0, ge=0)
    """Seed of the initial centers."""
