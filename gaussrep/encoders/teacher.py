"""Teachers: image encoders that are looked up to and do not learn."""

from collections.abc import Mapping
from typing import Any

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.config import ComponentConfig, resolve
from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.errors import ConfigError


def build_teacher(config: str | Mapping[str, Any] | ComponentConfig) -> ImageEncoder:
    """Build a frozen image encoder, in evaluation mode.

    Keep it outside the modules of a method: `train()` would wake it, and every checkpoint would
    hold its weights.

    Args:
        config: Of an encoder of images; its name, for the default settings.

    Raises:
        ConfigError: It names an encoder of something else, or a setting is wrong.
        PluginError: The encoder is unknown, ambiguous, unavailable or broken.

    Example:
        >>> build_teacher("statistics").width
        32
    """
    settings = resolve("encoders", config)
    if plugins.find("encoders", settings.type).record.modality != "image":
        known = [c.name for c in plugins.list("encoders") if c.record.modality == "image"]
        raise ConfigError(
            f"encoder {settings.type!r} encodes no pictures; wanted an encoder of images: "
            f"{', '.join(known)}"
        )
    encoder: ImageEncoder = build("encoders", settings)
    return encoder.eval().requires_grad_(False)
