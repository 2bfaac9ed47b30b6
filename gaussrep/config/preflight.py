"""Checks of a configuration against this machine, before anything heavy is imported."""

from collections.abc import Collection, Mapping
from typing import Any

from gaussrep import plugins
from gaussrep.config.base import ComponentConfig, Config
from gaussrep.config.components import ComponentField
from gaussrep.config.field_kinds import FieldKind, ListOf, MapOf, field_kind
from gaussrep.errors import UnavailableError


def preflight(config: Config, without: Collection[str] = ()) -> None:
    """Check that what a configuration names is there: components, files, folders, devices.

    Calls `Config.preflight` of every nested configuration. Takes milliseconds and imports no torch,
    so that mistakes are found at once.

    Args:
        config: A validated configuration.
        without: Fields of which only the components are checked.

    Raises:
        UnavailableError: A component cannot run here.
        GaussrepError: Something is missing.
    """
    config.preflight()
    unused = config.unused_fields()
    for name in type(config).model_fields:
        kind, value = field_kind(type(config), name), getattr(config, name)
        if name in unused:
            continue
        if name not in without:
            _check(kind, value)
        elif isinstance(kind, ComponentField):
            _check_component(kind.kind, value)


def _check(kind: FieldKind, value: Any) -> None:
    if isinstance(kind, ComponentField) and isinstance(value, ComponentConfig):
        _check_component(kind.kind, value)
    if isinstance(value, Config):
        preflight(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            _check(kind.values if isinstance(kind, MapOf) else None, inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(kind.items if isinstance(kind, ListOf) else None, inner)


def _check_component(kind: str, config: ComponentConfig) -> None:
    if config.type in ("", "auto"):
        return
    component = plugins.find(kind, config.type)
    if reason := component.unavailable_reason:
        raise UnavailableError(f"{component} {reason}")
