"""`dotted.key=value` arguments."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gaussrep.config.yaml_text import parse_value
from gaussrep.errors import ConfigError


def parse_overrides(arguments: Iterable[str]) -> dict[str, Any]:
    """Read arguments into one layer of settings.

    Args:
        arguments: `dotted.key=value`; the value is YAML: `null`, `1e-3`, `[1, 2]`, `{a: 1}`, except
            for patterns of files that start with `*`. Of two values for one key the later one
            counts.

    Returns:
        Nested settings. `renderer=cpu renderer.tile=8`, in either order, is
        `{"renderer": {"type": "cpu", "tile": 8}}`.

    Raises:
        ConfigError: If an argument is not of that form or its value is not YAML.

    Examples:
        >>> parse_overrides(["trainer.lr=1e-3", "trainer.optimizer.betas=[0.9, 0.95]"])
        {'trainer': {'lr': 0.001, 'optimizer': {'betas': [0.9, 0.95]}}}
    """
    settings: dict[str, Any] = {}
    given = list(arguments)
    for argument in given:
        dotted, equals, text = argument.partition("=")
        keys = dotted.strip().split(".")
        if not equals or not all(keys):
            known = _of_quotes(given, argument) or _of_folder(argument)
            cure = f"{known}write it as dotted.key=value, without spaces around ="
            raise ConfigError(f"{argument!r} is not a setting; {cure}{_joined(given, argument)}.")
        is_pattern = text.startswith("*")
        value = text if is_pattern else parse_value(text, f"the value of {dotted.strip()}")
        _put(settings, keys, value)
    return settings


def _of_quotes(arguments: list[str], argument: str) -> str:
    """Quote a path that a shell split at a space; empty for anything else."""
    place = arguments.index(argument)
    before = arguments[place - 1] if place else ""
    start = before.partition("=")[2]
    if not (start and Path(f"{start} {argument}").exists()):
        return ""
    return f'a path with spaces needs quotes: "{before} {argument}"; else '


def _of_folder(argument: str) -> str:
    """Name the settings for a folder of images; empty for anything else."""
    if not argument or not Path(argument).is_dir():
        return ""
    return f"for its images, give data.type=images data.root={argument}; else "


def _joined(arguments: list[str], argument: str) -> str:
    """Join `key = value`, which a shell passes as three arguments; empty for anything else."""
    parts = arguments[arguments.index(argument) :][:3]
    text = "".join(parts)
    key, equals, value = text.partition("=")
    if len(parts) > 1 and key and equals and value and " ".join(parts[1:]).startswith("="):
        return f": {text}"
    return ""


def _put(settings: dict[str, Any], keys: list[str], value: Any) -> None:
    *above, last = keys
    for key in above:
        settings[key] = _as_mapping(settings.get(key))
        settings = settings[key]
    below = settings.get(last)
    if isinstance(below, dict) and isinstance(value, str):
        value = {**below, "type": value}
    elif isinstance(below, dict) and isinstance(value, dict):
        value = {**below, **value}
    settings[last] = value


def _as_mapping(value: Any) -> dict[str, Any]:
    """Convert the short form of a component to a mapping."""
    if isinstance(value, str):
        return {"type": value}
    return value if isinstance(value, dict) else {}
