"""Settings of every part (imports nothing heavy)."""

from typing import Annotated

from gaussrep.config import ComponentConfig, component
from pydantic import Field

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
    """Layers after the first, each looking at neighboring patches."""


class HuberConfig(ComponentConfig):
    """Settings of the loss."""

    delta: float = Field(default=0.1, gt=0)
    """Errors below this are squared."""


class SketchConfig(ComponentConfig):
    """Settings of the method."""

    blobs: Count = 4
    """Blobs per patch."""
    encoder: Encoder = PatchesConfig()
    """Who looks at the picture."""
    renderer: Renderer = ComponentConfig(type="new-plugin-blobs")
    """Who draws."""
    loss: Loss = HuberConfig()
    """Who compares."""
