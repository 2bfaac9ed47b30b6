"""Presets: YAML files of settings in a method's distribution."""

from importlib.resources import files
from typing import Any

from gaussrep.config.yaml_text import parse_mapping
from gaussrep.errors import ConfigError, PluginError
from gaussrep.plugins import Component
from gaussrep.plugins.suggestions import suggest


def presets(component: Component) -> dict[str, dict[str, Any]]:
    """Read all presets of a method.

    Args:
        component: A component of kind `methods`.

    Returns:
        Settings by name (the file's name without `.yaml`), sorted by name.

    Raises:
        PluginError: If the package of presets cannot be imported.
        ConfigError: If a preset is not a YAML mapping.
    """
    package = component.record.presets
    if package is None:
        return {}
    try:
        resources = [item for item in files(package).iterdir() if item.name.endswith(".yaml")]
    except Exception as error:  # the package is a plugin's code
        raise PluginError(f"{component} is broken: its presets {package}: {error}") from error
    texts = {item.name.removesuffix(".yaml"): item for item in resources}
    return {
        name: parse_mapping(texts[name].read_text(encoding="utf-8"), f"{package}/{name}.yaml")
        for name in sorted(texts)
    }


def preset(component: Component, name: str) -> dict[str, Any]:
    """Read a preset of a method.

    Args:
        component: A component of kind `methods`.
        name: Name of the preset.

    Returns:
        Its settings.

    Raises:
        ConfigError: If there is no such preset; the message gives the nearest names.
        PluginError: If the package of presets cannot be imported.
    """
    known = presets(component)
    if name not in known:
        raise ConfigError(f"The {component} has no preset {name!r}; {suggest(name, known)}")
    return known[name]
