"""Make a component from its record and its settings."""

from collections.abc import Mapping
from typing import Any

from gaussrep import plugins
from gaussrep.config import ComponentConfig, resolve


def build(kind: str, config: str | Mapping[str, Any] | ComponentConfig, **arguments: Any) -> Any:
    """Import one component and make it from its settings.

    Args:
        kind: One of `KINDS`.
        config: Its settings; or `{"type": name, ...}`; or its name, for the default settings.
        **arguments: Passed on beside the settings, `split="val"`.

    Returns:
        `target(config, **arguments)`, without the config where the component has no settings.

    Raises:
        ConfigError: If the settings are wrong.
        UnknownNameError: If there is no such component.
        AmbiguousNameError: If several distributions use that short name.
        UnavailableError: If it cannot run here; the message says what to install.
        PluginError: If its module is broken.
    """
    settings = resolve(kind, config)
    component = plugins.find(kind, settings.type)
    target = component.load()
    if component.record.config is None:
        return target(**arguments)
    return target(settings, **arguments)
