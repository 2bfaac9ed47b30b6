"""Settings of the components; imports nothing heavy."""

from typing import Annotated

from gaussrep.config import ComponentConfig, component
from pydantic import Field

Beta = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Encoder = Annotated[ComponentConfig, component("encoders")]
Renderer = Annotated[ComponentConfig, component("renderers")]
Loss = Annotated[ComponentConfig, component("losses")]


class PatchesConfig(ComponentConfig):
    """Settings of the encoder."""

    patch: Count = 8
    """Side of a patch in pixels."""
    width: Count = 64
    """Length of a patch's vector."""
    depth: Count = 2
    """Layers after the first, each of which reads neighboring patches."""


class HuberConfig(ComponentConfig):
    """Settings of the loss."""

    delta: float = Field(default=0.1, gt=0)
    """Errors below this are squared."""


class LionConfig(ComponentConfig):
    """Settings of the optimizer."""

    betas: tuple[Beta, Beta] = (0.9, 0.99)
    """Decay rates of the momentum: within a step, and from step to step."""


class StepDecayConfig(ComponentConfig):
    """Settings of the schedule."""

    decay_fraction: float = Field(default=0.8, ge=0, le=1)
    """Fraction of the steps before the decay."""


class SketchConfig(ComponentConfig):
    """Settings of the method."""

    blobs: Count = 4
    """Blobs per patch."""
    encoder: Encoder = PatchesConfig()
    """Encoder of the image."""
    renderer: Renderer = ComponentConfig(type="new-plugin-blobs")
    """Renderer of the blobs."""
    loss: Loss = HuberConfig()
    """Loss between image and rendering."""
