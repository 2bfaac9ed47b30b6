"""Teachers: frozen image encoders."""

from collections.abc import Iterable, Mapping
from typing import Any

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.config import ComponentConfig, resolve
from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.errors import ConfigError
from gaussrep.trust import trusting


def build_teacher(
    config: str | Mapping[str, Any] | ComponentConfig, *, trust: Iterable[str] = ()
) -> ImageEncoder:
    """Build a frozen image encoder in evaluation mode.

    Keep it outside the modules of a method: `train()` would switch its mode, and every checkpoint
    would contain its weights.

    Args:
        config: Configuration of an image encoder; or its name, for the default settings.
        trust: Repositories whose code may be run, and weights that may be downloaded.

    Returns:
        The encoder; its parameters require no gradient.

    Raises:
        ConfigError: It is not an image encoder, or a setting is wrong.
        UntrustedError: It runs code or downloads weights that are not trusted.
        PluginError: The encoder is unknown, ambiguous, unavailable or broken.

    Examples:
        >>> build_teacher("statistics").width
        32
    """
    settings = resolve("encoders", config)
    if plugins.find("encoders", settings.type).record.modality != "image":
        known = [c.name for c in plugins.list("encoders") if c.record.modality == "image"]
        raise ConfigError(
            f"encoder {settings.type!r} encodes no images; expected an encoder of images: "
            f"{', '.join(known)}"
        )
    with trusting(trust):
        encoder: ImageEncoder = build("encoders", settings)
    return encoder.eval().requires_grad_(False)
