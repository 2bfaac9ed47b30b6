"""Construction of components from their settings."""

from collections.abc import Mapping
from typing import Any

from gaussrep import plugins
from gaussrep.config import ComponentConfig, resolve


def build(kind: str, config: str | Mapping[str, Any] | ComponentConfig, **arguments: Any) -> Any:
    """Import a component and construct it with its settings.

    Args:
        kind: Kind of component, a key of `gaussrep.plugins.KINDS`.
        config: Settings: an instance of its config class, `{"type": name, ...}`, or its name for
            the default settings.
        **arguments: Further arguments of the component, `split="val"`.

    Returns:
        `target(config, **arguments)`; `target(**arguments)` if the component has no settings.

    Raises:
        ConfigError: If the settings are not valid.
        UnknownNameError: If there is no such component.
        AmbiguousNameError: If several distributions use that short name.
        UnavailableError: If it cannot run here; the message names the install command.
        PluginError: If its module is broken.
    """
    settings = resolve(kind, config)
    component = plugins.find(kind, settings.type)
    target = component.load()
    if component.record.config is None:
        return target(**arguments)
    return target(settings, **arguments)
