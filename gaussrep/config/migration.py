"""Replacement of old keys by their new names, before anything is validated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gaussrep.config.base import ComponentConfig, Config
from gaussrep.config.components import ComponentField, config_class, type_of
from gaussrep.config.field_kinds import FieldKind, ListOf, MapOf, field_default, field_kind
from gaussrep.errors import ConfigError


@dataclass(frozen=True, slots=True)
class RenamedKey:
    """One key that got a new name.

    Attributes:
        old: Its dotted path before.
        new: Its dotted path after; empty if it was removed.
    """

    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.old} was renamed to {self.new}" if self.new else f"{self.old} was removed"


def rename_keys(
    model: type[Config], settings: Mapping[str, Any]
) -> tuple[dict[str, Any], list[RenamedKey]]:
    """Give every old key of some settings its new name, those of components included.

    Args:
        model: The class that the settings are for.
        settings: Plain data, not validated.

    Returns:
        New settings, and the keys that changed.

    Raises:
        ConfigError: If an old key and its new name are both there.
        PluginError: If a component is unknown, ambiguous, unavailable or broken.
    """
    changed: list[RenamedKey] = []
    return _rename_model(model, settings, "", changed), changed


def _rename_model(
    model: type[Config], settings: Mapping[str, Any], prefix: str, changed: list[RenamedKey]
) -> dict[str, Any]:
    renamed = dict(settings)
    for old, new in model.all_renamed_keys().items():
        if _has(renamed, old.split(".")):
            change = RenamedKey(prefix + old, prefix + new if new else "")
            if new and _has(renamed, new.split(".")):
                raise ConfigError(f"{change}, but both are there; remove {change.old}.")
            value = _take(renamed, old.split("."))
            if new:
                _put(renamed, new.split("."), value)
            changed.append(change)
    for key, value in renamed.items():
        default = field_default(model, None, key)
        if default is None and key in model.model_fields:
            default = model.model_fields[key].annotation  # the class of a component without a name
        renamed[key] = _rename(field_kind(model, key), default, value, prefix + key, changed)
    return renamed


def _rename(kind: FieldKind, default: Any, value: Any, path: str, changed: list[RenamedKey]) -> Any:
    if isinstance(kind, ListOf) and isinstance(value, list | tuple):
        return [
            _rename(kind.items, None, item, f"{path}.{index}", changed)
            for index, item in enumerate(value)
        ]
    if not isinstance(value, Mapping) or kind is None or isinstance(kind, ListOf):
        return value
    if isinstance(kind, MapOf):
        return {
            key: _rename(kind.values, None, item, f"{path}.{key}", changed)
            for key, item in value.items()
        }
    model = _component_class(kind, default, value) if isinstance(kind, ComponentField) else kind
    return _rename_model(model, value, f"{path}.", changed)


def _component_class(
    field: ComponentField, default: Any, settings: Mapping[str, Any]
) -> type[Config]:
    name = settings.get("type")
    if name is None and isinstance(default, ComponentConfig):
        name = type_of(field.kind, default)
    if name is None and isinstance(default, type) and issubclass(default, ComponentConfig):
        return default
    if not isinstance(name, str) or (field.auto and name == "auto"):
        return ComponentConfig
    return config_class(field.kind, name)


def _has(settings: Any, keys: Iterable[str]) -> bool:
    for key in keys:
        if not isinstance(settings, Mapping) or key not in settings:
            return False
        settings = settings[key]
    return True


def _take(settings: dict[str, Any], keys: list[str]) -> Any:
    """Remove a value, and mappings that become empty."""
    first, *rest = keys
    if not rest:
        return settings.pop(first)
    settings[first] = inner = dict(settings[first])
    value = _take(inner, rest)
    if not inner:
        del settings[first]
    return value


def _put(settings: dict[str, Any], keys: list[str], value: Any) -> None:
    first, *rest = keys
    if not rest:
        settings[first] = value
        return
    below = settings.get(first)
    if isinstance(below, str):  # the short form of a component
        below = {"type": below}
    settings[first] = inner = dict(below) if isinstance(below, Mapping) else {}
    _put(inner, rest, value)
