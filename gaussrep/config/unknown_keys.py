"""Suggestions for an unknown key, from the components that the other settings choose."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gaussrep import plugins
from gaussrep.config.base import UNKNOWN, ComponentConfig, Config
from gaussrep.config.components import ComponentField, config_class, type_of
from gaussrep.config.field_kinds import field_default, field_kind
from gaussrep.config.guidance import Guidance
from gaussrep.config.synonyms import near_keys
from gaussrep.errors import PluginError
from gaussrep.plugins.suggestions import LISTED, did_you_mean

OWN_FOLDER = "for a folder of yours add data.type=images, or data.type=folders for labeled images"
MAX_OWNERS = 3
"""Components with the unknown key that a message lists."""


def explain_mistake(
    model: type[Config],
    data: Mapping[str, Any],
    guidance: Guidance | None,
    error: str,
    path: Sequence[int | str],
    problem: str,
) -> str:
    """Add the cure to a mistake in settings.

    Args:
        model: The class of all settings.
        data: All settings, as they were given.
        guidance: Where the settings are listed, and what to do about missing ones.
        error: Pydantic's type of the error.
        path: Path of the wrong setting.
        problem: What the class that rejected the setting reports.

    Returns:
        The problem, with a better hint if one is known.
    """
    *above, key = map(str, path) if path else [""]
    if error in ("missing", "component_type") and guidance is not None:
        cure = guidance.cure_of_missing(".".join([*above, key]))
        return f"{'is missing' if error == 'missing' else 'has no type'}{cure}" if cure else problem
    if error == "component" and guidance is not None and [*above, key] == ["data"]:
        return _with_own_folder(problem, _name("datasets", data.get("data"), None), guidance)
    if error != UNKNOWN or "did you mean" in problem:
        return problem
    if not above and (found := near_keys(key, _component_paths(model, data))):
        return f"unknown key; {did_you_mean(found)}"
    if (chosen := _component_at(model, data, above)) is not None:
        kind, name = chosen
        if text := _owners(kind, name, key, ".".join(above)):
            return f"unknown key; {text}"
    return _shortened(problem, ".".join(above), guidance)


def _with_own_folder(problem: str, name: str, guidance: Guidance) -> str:
    """Add how a folder is given to an unknown data set, unless it is only misspelled."""
    cure = guidance.cure_of_unknown_data(name)
    is_unknown = problem.startswith("There is no ") and name
    if not (cure and is_unknown) or ("did you mean" in problem and not Path(name).is_dir()):
        return problem
    return problem.rstrip(".") + cure


def _component_paths(model: type[Config], data: Mapping[str, Any]) -> Iterator[str]:
    """Dotted paths of the settings of the components that the fields of a model hold."""
    for name in model.model_fields:
        if (chosen := _component_at(model, data, [name])) is not None:
            yield from (f"{name}.{key}" for key in _fields(*chosen))


def _component_at(
    model: type[Config], data: Mapping[str, Any], path: Sequence[str]
) -> tuple[str, str] | None:
    """Find kind and name of the component that is configured at a path."""
    field: object = None
    name = ""
    settings: Any = data
    for part in path:
        field = field_kind(model, part)
        default = field_default(model, None, part)
        settings = settings.get(part) if isinstance(settings, Mapping) else None
        if isinstance(field, ComponentField):
            name = _name(field.kind, settings, default)
            model = _class(field.kind, name) if name else ComponentConfig
        elif isinstance(field, type):
            model, name = field, ""
        else:
            return None
    return (field.kind, name) if isinstance(field, ComponentField) and name else None


def _name(kind: str, settings: Any, default: Any) -> str:
    given = settings.get("type") if isinstance(settings, Mapping) else settings
    if isinstance(given, str) and given:
        return given
    try:
        return type_of(kind, default) if isinstance(default, ComponentConfig) else ""
    except PluginError:
        return ""


def _class(kind: str, name: str) -> type[Config]:
    try:
        return config_class(kind, name)
    except PluginError:  # validation reports it
        return ComponentConfig


def _fields(kind: str, name: str) -> list[str]:
    return [key for key in _class(kind, name).model_fields if key != "type"]


def _owners(kind: str, name: str, key: str, path: str) -> str:
    """Name the components of the same kind that have a key."""
    owners = [c.name for c in plugins.list(kind) if key in _fields(kind, c.qualified)]
    if not owners or name in owners:
        return ""
    noun = plugins.KINDS[kind].noun
    if kind == "datasets" and key == "root" and path == "data":
        return f"the data set is {name}, which has no root; {OWN_FOLDER}"
    listed = " or ".join(f"{path}.type={owner}" for owner in owners[:MAX_OWNERS])
    return f"the {noun} is {name}, which has no {key}; add {listed} for one that has"


def _shortened(problem: str, prefix: str, guidance: Guidance | None) -> str:
    """Shorten a long list of keys, and name the command that lists all."""
    head, there_are, listed = problem.partition("there are: ")
    keys = listed.rstrip(".").split(", ")
    if guidance is None or not there_are or len(keys) <= LISTED:
        return problem
    rest = f"{len(keys) - LISTED} more; {guidance.list_command(prefix)} lists all"
    return f"{head}{there_are}{', '.join(keys[:LISTED])} and {rest}."
