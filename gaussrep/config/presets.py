"""Presets: settings that a method's distribution ships as YAML files."""

from importlib.resources import files
from typing import Any

from gaussrep.config.yaml_text import parse_mapping
from gaussrep.errors import ConfigError, PluginError
from gaussrep.plugins import Component
from gaussrep.plugins.suggest import suggest


def presets(component: Component) -> dict[str, dict[str, Any]]:
    """Every preset of a method.

    Args:
        component: A component of kind `methods`.

    Returns:
        Settings by name (the file's name without `.yaml`), sorted by name.

    Raises:
        PluginError: If the package of presets cannot be imported.
        ConfigError: If a preset is no YAML mapping.
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
    """One preset of a method.

    Args:
        component: A component of kind `methods`.
        name: Name of the preset.

    Returns:
        Its settings.

    Raises:
        ConfigError: If there is none of that name; the message gives the nearest ones.
        PluginError: If the package of presets cannot be imported.
    """
    known = presets(component)
    if name not in known:
        raise ConfigError(f"The {component} has no preset {name!r}; {suggest(name, known)}")
    return known[name]
