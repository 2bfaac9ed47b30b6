"""Merging of the sources of a configuration, before validation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gaussrep import plugins
from gaussrep.config.base import ComponentConfig, Config
from gaussrep.config.components import ComponentField, config_class, type_of
from gaussrep.config.field_kinds import FieldKind, ListOf, MapOf, field_default, field_kind
from gaussrep.errors import PluginError


def merge(model: type[Config], layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge layers of settings.

    Mappings merge key by key; lists and scalars replace. If settings have a `type`, a string is
    short for it. If a layer names another component than the layers below it (or the model's
    defaults), the settings of the other one are dropped.

    Args:
        model: The configuration class.
        layers: Settings, lowest first.

    Returns:
        New settings, not validated.
    """
    return _merge_model(model, None, layers)


def _merge_model(
    model: type[Config], base: Config | None, layers: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Merge layers over `base`, an instance with the defaults."""
    given = {name: getattr(base, name) for name in base.model_fields_set} if base else {}
    for key, values in _by_key(layers):
        given[key] = _merge(field_kind(model, key), field_default(model, base, key), values)
    return given


def _merge(kind: FieldKind, default: Any, values: Sequence[Any]) -> Any:
    if isinstance(kind, ComponentField):
        return _merge_component(kind, default, values)
    if isinstance(kind, type) and "type" in kind.model_fields:
        values = [{"type": value} if isinstance(value, str) else value for value in values]
    layers = _last_mappings(values)
    if not layers or isinstance(kind, ListOf):
        return values[-1]
    if kind is None or isinstance(kind, MapOf):
        below = kind.values if kind else None
        return {key: _merge(below, None, inner) for key, inner in _by_key(layers)}
    return _merge_model(kind, default if isinstance(default, kind) else None, layers)


def _merge_component(field: ComponentField, default: Any, values: Sequence[Any]) -> Any:
    name = _type_name(field.kind, default)
    layers: list[Mapping[str, Any]] = []
    for value in values:
        given = {"type": value} if isinstance(value, str) else value
        if not isinstance(given, Mapping):
            layers = []
            continue
        if name is not None and not _same(field.kind, name, given.get("type", name)):
            layers, default = [], None
        name = given.get("type", name)
        layers.append(given)
    if not isinstance(values[-1], str | Mapping):
        return values[-1]
    merged = _merge_settings(field.kind, name, default, layers)
    return merged if name is None else {**merged, "type": name}


def _merge_settings(
    kind: str, name: Any, default: Any, layers: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    try:
        model = config_class(kind, name) if isinstance(name, str) else ComponentConfig
    except PluginError:  # validation reports it
        model = ComponentConfig
    return _merge_model(model, default if isinstance(default, model) else None, layers)


def _type_name(kind: str, default: Any) -> str | None:
    if isinstance(default, ComponentConfig):
        try:
            return type_of(kind, default) or None
        except PluginError:  # validation reports it
            return None
    return default if isinstance(default, str) else None


def _same(kind: str, one: Any, other: Any) -> bool:
    """Whether two names, short or qualified, denote the same component."""
    if one == other or not (isinstance(one, str) and isinstance(other, str)):
        return one == other
    try:
        return plugins.find(kind, one) == plugins.find(kind, other)
    except PluginError:
        return False


def _by_key(layers: Sequence[Mapping[str, Any]]) -> Iterable[tuple[str, list[Any]]]:
    for key in dict.fromkeys(key for layer in layers for key in layer):
        yield key, [layer[key] for layer in layers if key in layer]


def _last_mappings(values: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Keep the mappings after the last value of another type."""
    layers: list[Mapping[str, Any]] = []
    for value in values:
        layers = [*layers, value] if isinstance(value, Mapping) else []
    return layers
