"""Kinds of configuration fields, as far as merging and migration distinguish them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from gaussrep.config.base import Config
from gaussrep.config.components import ComponentField


@dataclass(frozen=True, slots=True)
class MapOf:
    """A field that holds a mapping.

    Args:
        values: Kind of its values.
    """

    values: "FieldKind"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A field that holds a list.

    Args:
        items: Kind of its items.
    """

    items: "FieldKind"


FieldKind = ComponentField | type[Config] | MapOf | ListOf | None
"""A component, a nested configuration, a mapping, a list, or (None) anything else."""


def field_kind(model: type[Config], key: str) -> FieldKind:
    """Find the kind of a field.

    Args:
        model: The configuration class.
        key: Name of the field.

    Returns:
        The kind; None also if there is no such field.
    """
    field = model.model_fields.get(key)
    return _kind_of(field.annotation, tuple(field.metadata)) if field else None


def field_default(model: type[Config], base: Config | None, key: str) -> Any:
    """Find the default of a field.

    Args:
        model: The configuration class.
        base: An instance with the defaults, if there is one.
        key: Name of the field.

    Returns:
        The default; None if there is none or if it depends on other fields.
    """
    if base is not None and key in base.model_fields_set:
        return getattr(base, key)
    field = model.model_fields.get(key)
    if field is None or _needs_data(field):
        return None
    default = field.get_default(call_default_factory=True)
    return None if field.is_required() else default


def _needs_data(field: FieldInfo) -> bool:
    return field.default_factory is not None and field.default_factory_takes_validated_data is True


def _kind_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> FieldKind:
    for item in metadata:
        if isinstance(item, ComponentField):
            return item
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind_of(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return next((kind for kind in map(_kind_of, arguments) if kind), None)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return MapOf(_kind_of(arguments[1]))
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return ListOf(_kind_of(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return annotation
    return None
