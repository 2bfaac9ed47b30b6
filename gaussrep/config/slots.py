"""What stands where in a configuration, as far as merging needs to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from gaussrep.config.base import Config
from gaussrep.config.components import ComponentField


@dataclass(frozen=True, slots=True)
class MapOf:
    """A place that holds a mapping.

    Args:
        values: What each of its values is.
    """

    values: "Slot"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A place that holds a list.

    Args:
        items: What each of its items is.
    """

    items: "Slot"


Slot = ComponentField | type[Config] | MapOf | ListOf | None
"""A component, a nested configuration, a mapping, a list, or (None) anything else."""


def slot_of(model: type[Config], key: str) -> Slot:
    """What a model has under a key.

    Args:
        model: The model.
        key: Name of a field; one that does not exist is nothing special.

    Returns:
        The slot.
    """
    field = model.model_fields.get(key)
    return _slot(field.annotation, tuple(field.metadata)) if field else None


def default_of(model: type[Config], base: Config | None, key: str) -> Any:
    """What a model has under a key where nothing is given.

    Args:
        model: The model.
        base: An instance that stands for the model's defaults, if there is one.
        key: Name of a field.

    Returns:
        The default; None where there is none or where it depends on other fields.
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


def _slot(annotation: Any, metadata: tuple[Any, ...] = ()) -> Slot:
    for item in metadata:
        if isinstance(item, ComponentField):
            return item
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _slot(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return next((slot for slot in map(_slot, arguments) if slot), None)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return MapOf(_slot(arguments[1]))
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return ListOf(_slot(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return annotation
    return None
