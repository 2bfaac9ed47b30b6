"""Descriptions of settings: what each takes, its default and its meaning, from the classes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from gaussrep.config.base import ComponentConfig, Config
from gaussrep.config.components import ComponentField, config_class
from gaussrep.config.field_docs import field_text
from gaussrep.plugins import KINDS

REQUIRED = "required"
"""Default of a setting that must be given."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a command or a component.

    Attributes:
        path: Dotted path.
        takes: Type and limits; words to type stand in backticks.
        default: As in a file or an override, `required` if there is none.
        meaning: What it sets, on one line; empty if the class does not document it.
        kind: Kind of the components it takes, a key of `gaussrep.plugins.KINDS`; None for others.
    """

    path: str
    takes: str
    default: str
    meaning: str
    kind: str | None = None


def describe_settings(
    model: type[Config],
    given: Mapping[str, Any] | None = None,
    *,
    prefix: str = "",
    with_components: bool = False,
) -> Iterator[Setting]:
    """Describe all settings of a configuration class, those of nested classes included.

    Args:
        model: The class.
        given: Settings that replace its defaults, such as those of a preset.
        prefix: Start of every path.
        with_components: Describe the settings of the components that are chosen by default, too.

    Yields:
        The settings, in the order of the fields.

    Raises:
        PluginError: A component is unknown, ambiguous, unavailable or broken.
    """
    yield from _settings(model, None, given or {}, prefix, with_components)


def _settings(
    model: type[Config], base: Any, given: Mapping[str, Any], prefix: str, follows: bool
) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        if is_tag(model, name, field):
            continue
        path, meaning = f"{prefix}{name}", _meaning(model, name)
        default, value = _default(field, base, name), given.get(name)
        nested, kind = nested_models(field), component_kind(field)
        inner = value if isinstance(value, Mapping) else {}
        if len(nested) == 1:
            yield from _settings(nested[0], default, inner, f"{path}.", follows)
        elif nested:
            yield Setting(f"{path}.type", _tags(nested), default.type, meaning)
        else:
            takes = type_words(field.annotation, tuple(field.metadata))
            shown = default_words(default if name not in given else _chosen(value, default))
            yield Setting(path, takes, shown, meaning, kind)
            if follows and kind is not None and _is_component(field):
                yield from _of_component(kind, default, value, f"{path}.")


def _meaning(model: type[Config], name: str) -> str:
    try:
        return field_text(model, name)
    except LookupError:  # a plugin's field without a docstring
        return ""


def _of_component(kind: str, default: Any, value: Any, prefix: str) -> Iterator[Setting]:
    """Describe the settings of the component that a field holds by default."""
    chosen = _chosen(value, default)
    name = chosen.type if isinstance(chosen, ComponentConfig) else chosen
    if not isinstance(name, str) or name in ("", "auto"):
        return
    own = config_class(kind, name)
    base = default if isinstance(default, own) else None
    inner = value if isinstance(value, Mapping) else {}
    yield from _settings(own, base, inner, prefix, True)


def _chosen(value: Any, default: Any) -> Any:
    """Return a given value; of a component its name, which the default may supply."""
    return value.get("type", default) if isinstance(value, Mapping) else value or default


def nested_models(field: FieldInfo) -> list[type[Config]]:
    """List the configuration classes in a field's annotation, those of components left out.

    Args:
        field: The field.

    Returns:
        The classes; several if a tag chooses one.
    """
    return list(_models(field.annotation, field.metadata))


def is_tag(model: type[Config], name: str, field: FieldInfo) -> bool:
    """Check whether a field only identifies its class.

    Args:
        model: The class.
        name: Name of the field.
        field: The field.

    Returns:
        True for the `type` of a component or of one choice among several classes.
    """
    literal = get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1
    return name == "type" and (issubclass(model, ComponentConfig) or literal)


def component_kind(field: FieldInfo) -> str | None:
    """Find the kind of the components that a field takes, alone, in a list or in a map.

    Args:
        field: The field.

    Returns:
        A key of `gaussrep.plugins.KINDS`; None if it takes none.
    """
    found = next(_component_fields(field.annotation, tuple(field.metadata)), None)
    return found.kind if found else None


def type_words(annotation: Any, metadata: tuple[Any, ...] = ()) -> str:
    """Describe the type and the limits of a setting.

    Args:
        annotation: The field's annotation.
        metadata: The field's limits.

    Returns:
        Words such as "number ≥ 0, < 1" or "a renderer or `auto`".
    """
    for item in metadata:
        if isinstance(item, ComponentField):
            return _component_words(item)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_words(arguments[0], (*_unpacked(arguments[1:]), *metadata))
    if origin in (Union, UnionType):
        first, *others = (type_words(argument, metadata) for argument in arguments)
        return " or ".join([first, *others])
    return _described(annotation, origin, arguments) + _limits(annotation, metadata)


def default_words(value: Any) -> str:
    """Format a default as in a file or an override.

    Args:
        value: The default; `...` if there is none.

    Returns:
        Text such as `null`, `[0.9, 0.95]` or the name of a component.
    """
    if value is ...:
        return REQUIRED
    return value.type if isinstance(value, ComponentConfig) else _plain(value)


PLAIN: Mapping[Any, str] = {
    int: "whole number", float: "number", bool: "`true`, `false`",
    str: "text", Path: "path", NoneType: "`null`",
}  # fmt: skip
SIGNS: Mapping[type, tuple[str, str]] = {
    annotated_types.Ge: ("≥", "ge"),
    annotated_types.Gt: (">", "gt"),
    annotated_types.Le: ("≤", "le"),
    annotated_types.Lt: ("<", "lt"),
    annotated_types.MultipleOf: ("a multiple of", "multiple_of"),
}
"""Symbol of each limit, and the attribute that holds the number."""
LONGEST = 2**63
"""Upper limit of seeds."""


def _tags(models: list[type[Config]]) -> str:
    return ", ".join(f"`{model.model_fields['type'].default}`" for model in models)


def _models(annotation: Any, metadata: Iterable[Any] = ()) -> Iterator[type[Config]]:
    if any(isinstance(item, ComponentField) for item in metadata):
        return
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _models(arguments[0], arguments[1:])
    elif isinstance(annotation, type) and issubclass(annotation, Config):
        yield annotation
    else:
        yield from (model for argument in arguments for model in _models(argument))


def _component_fields(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[ComponentField]:
    yield from (item for item in metadata if isinstance(item, ComponentField))
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        yield from _component_fields(arguments[0], arguments[1:])
    else:
        yield from (found for argument in arguments for found in _component_fields(argument))


def _is_component(field: FieldInfo) -> bool:
    return any(isinstance(item, ComponentField) for item in field.metadata)


def _default(field: FieldInfo, base: Any, name: str) -> Any:
    """Return the default in the enclosing configuration; `...` if the field is required."""
    if isinstance(base, Config):
        return getattr(base, name)
    if field.is_required():
        return ...
    return field.get_default(call_default_factory=True)


def _component_words(field: ComponentField) -> str:
    noun = KINDS[field.kind].noun
    words = f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
    return f"{words} or `auto`" if field.auto else words


def _unpacked(metadata: tuple[Any, ...]) -> list[Any]:
    """Unpack the limits of `Field(ge=0)`, which wraps them inside annotations."""
    found = [item.metadata if isinstance(item, FieldInfo) else [item] for item in metadata]
    return [item for items in found for item in items]


def _described(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin is Literal:
        return ", ".join(f"`{_plain(argument)}`" for argument in arguments)
    if origin is tuple:
        return _tuple(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"map of names, each to {type_words(arguments[1])}"
    return PLAIN.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _tuple(arguments: tuple[Any, ...]) -> str:
    if arguments[-1] is Ellipsis:
        return f"list, each {type_words(arguments[0])}"
    return f"list of {len(arguments)}, each {type_words(arguments[0])}"


def _limits(annotation: Any, metadata: tuple[Any, ...]) -> str:
    if annotation not in (int, float):
        return ""
    found = [(SIGNS[type(item)], item) for item in metadata if type(item) in SIGNS]
    words = [f"{sign} {_number(getattr(item, name))}" for (sign, name), item in found]
    return f" {', '.join(words)}" if words else ""


def _number(value: int | float) -> str:
    return "2⁶³" if value == LONGEST else f"{value:g}"


def _plain(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    if isinstance(value, Mapping):
        return str(dict(value))
    return str(value) or '""'
