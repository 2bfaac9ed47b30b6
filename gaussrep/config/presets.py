"""Presets: YAML files of settings in the distribution of a method or an evaluation."""

from importlib.resources import files
from itertools import takewhile
from typing import Any

from gaussrep.config.yaml_text import parse_mapping
from gaussrep.errors import ConfigError, PluginError
from gaussrep.plugins import Component
from gaussrep.plugins.suggestions import suggest


def presets(component: Component) -> dict[str, dict[str, Any]]:
    """Read all presets of a method or an evaluation.

    Args:
        component: A component of kind `methods` or `evaluations`.

    Returns:
        Settings by name (the file's name without `.yaml`), sorted by name.

    Raises:
        PluginError: If the package of presets cannot be imported.
        ConfigError: If a preset is not a YAML mapping.
    """
    package = component.record.presets
    return {
        name: parse_mapping(text, f"{package}/{name}.yaml")
        for name, text in _texts(component).items()
    }


def preset_summaries(component: Component) -> dict[str, str]:
    """Read what each preset is for: the comment at the top of its file.

    Args:
        component: A component of kind `methods` or `evaluations`.

    Returns:
        Summaries on one line, by name; empty if a file begins with no comment.

    Raises:
        PluginError: If the package of presets cannot be imported.
    """
    return {name: _first_comment(text) for name, text in _texts(component).items()}


def _first_comment(text: str) -> str:
    lines = takewhile(lambda line: line.startswith("#"), text.splitlines())
    return " ".join(line.lstrip("# ").rstrip() for line in lines)


def _texts(component: Component) -> dict[str, str]:
    package = component.record.presets
    if package is None:
        return {}
    try:
        found = [item for item in files(package).iterdir() if item.name.endswith(".yaml")]
        return {
            item.name.removesuffix(".yaml"): item.read_text(encoding="utf-8")
            for item in sorted(found, key=lambda item: item.name)
        }
    except Exception as error:  # the package is a plugin's code
        raise PluginError(f"{component} is broken: its presets {package}: {error}") from error


def preset(component: Component, name: str) -> dict[str, Any]:
    """Read a preset of a method or an evaluation.

    Args:
        component: A component of kind `methods` or `evaluations`.
        name: Name of the preset.

    Returns:
        Its settings.

    Raises:
        ConfigError: If there is no such preset; the message gives the nearest names.
        PluginError: If the package of presets cannot be imported.
    """
    known = presets(component)
    if name not in known:
        listing = f"gaussrep settings {component.name} --presets"
        raise ConfigError(
            f"The {component} has no preset {name!r}; {suggest(name, known, listing)}"
        )
    return known[name]
