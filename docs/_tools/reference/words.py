"""Types, limits and defaults of settings as readable text."""

from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from gaussrep.config import ComponentConfig, ComponentField
from gaussrep.plugins import KINDS
from reference.markdown import code

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


def type_words(annotation: Any, metadata: tuple[Any, ...] = ()) -> str:
    """Describe the type and the limits of a setting."""
    for item in metadata:
        if isinstance(item, ComponentField):
            return _component(item)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_words(arguments[0], (*_unpacked(arguments[1:]), *metadata))
    if origin in (Union, UnionType):
        first, *others = (type_words(argument, metadata) for argument in arguments)
        return " or ".join([first, *others])
    return _described(annotation, origin, arguments) + _limits(annotation, metadata)


def default_words(value: Any) -> str:
    """Format a default as in a file or an override."""
    if isinstance(value, ComponentConfig):
        return code(value.type)
    return code(_plain(value))


def _component(field: ComponentField) -> str:
    noun = KINDS[field.kind].noun
    article = "an" if noun[0] in "aeiou" else "a"
    words = f"{article} [{noun}]({field.kind}.md)"
    return f"{words} or `auto`" if field.auto else words


def _unpacked(metadata: tuple[Any, ...]) -> list[Any]:
    """Unpack the limits of `Field(ge=0)`, which wraps them inside annotations."""
    found = [item.metadata if isinstance(item, FieldInfo) else [item] for item in metadata]
    return [item for items in found for item in items]


def _described(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin is Literal:
        return ", ".join(code(_plain(argument)) for argument in arguments)
    if origin is tuple:
        return _tuple(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"map of names, each to {type_words(arguments[1])}"
    return PLAIN[annotation]


def _tuple(arguments: tuple[Any, ...]) -> str:
    if arguments[-1] is Ellipsis:
        return f"list, each {type_words(arguments[0])}"
    return f"list of {len(arguments)}, each {type_words(arguments[0])}"


def _limits(annotation: Any, metadata: tuple[Any, ...]) -> str:
    if annotation not in (int, float):
        return ""
    found = [(SIGNS[type(item)], item) for item in metadata if type(item) in SIGNS]
    words = [f"{sign}&nbsp;{_number(getattr(item, name))}" for (sign, name), item in found]
    return f" {', '.join(words)}" if words else ""


def _number(value: float) -> str:
    return "2⁶³" if value == LONGEST else f"{value:g}"


def _plain(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_plain, value))}]"
    if isinstance(value, Mapping):
        return str(dict(value))
    return str(value) or '""'
