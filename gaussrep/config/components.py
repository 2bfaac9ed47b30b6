"""Configuration fields that hold the settings of a component, chosen by its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from gaussrep import plugins
from gaussrep.config.base import ComponentConfig
from gaussrep.config.validation_errors import config_error
from gaussrep.errors import ConfigError, PluginError
from gaussrep.plugins.suggestions import suggest


@dataclass(frozen=True, slots=True)
class ComponentField:
    """Annotation of a field for the settings of a component.

    Args:
        kind: Kind of component, a key of `gaussrep.plugins.KINDS`.
        auto: Whether `auto` is accepted and stays `ComponentConfig(type="auto")`.
    """

    kind: str
    auto: bool = False

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Resolve the name before validation, and serialize all that the resolved class has."""
        return core_schema.no_info_before_validator_function(
            self._resolve, handler(source), serialization=core_schema.simple_ser_schema("any")
        )

    def _resolve(self, value: Any) -> ComponentConfig:
        if self.auto and _name_of(value) == "auto":
            return _auto(self.kind, value)
        try:
            return _instance(self.kind, value)
        except PluginError as error:
            raise PydanticCustomError("component", "{text}", {"text": str(error)}) from error


def component(kind: str, *, auto: bool = False) -> ComponentField:
    """Annotate a field for the settings of a component.

    The field accepts `"cpu"`, `{"type": "cpu", "tile": 16}` and an instance. Only the config class
    of the named component is imported.

    Args:
        kind: Kind of component, a key of `gaussrep.plugins.KINDS`.
        auto: Whether `auto` is accepted and stays `ComponentConfig(type="auto")`.

    Returns:
        The annotation.

    Examples:
        >>> from typing import Annotated
        >>> from gaussrep.config import ComponentConfig, Config, component
        >>> class Scene(Config):
        ...     loss: Annotated[ComponentConfig, component("losses")] = ComponentConfig(type="mse")
        >>> Scene(loss="l1").loss.type
        'l1'
    """
    return ComponentField(kind, auto)


def resolve(kind: str, value: str | Mapping[str, Any] | ComponentConfig) -> ComponentConfig:
    """Validate a name or settings of a component.

    Args:
        kind: Kind of component, a key of `gaussrep.plugins.KINDS`.
        value: `"cpu"`, `{"type": "cpu", "tile": 16}`, or an instance.

    Returns:
        An instance of the component's own config class, its `type` filled in.

    Raises:
        ConfigError: If the settings are wrong.
        PluginError: If the component is unknown, ambiguous, unavailable or broken.
    """
    try:
        return _instance(kind, value)
    except ValidationError as error:
        raise config_error(error, value) from error
    except PydanticCustomError as error:
        raise ConfigError(error.message()) from error


def config_class(kind: str, name: str) -> type[ComponentConfig]:
    """Import the configuration class of a component.

    Args:
        kind: Kind of component.
        name: Short or qualified name.

    Returns:
        Its own class, or `ComponentConfig` if it has no settings.

    Raises:
        PluginError: If the component is unknown, ambiguous, unavailable or broken.
    """
    found = plugins.find(kind, name)
    loaded = found.load_config() or ComponentConfig
    if not (isinstance(loaded, type) and issubclass(loaded, ComponentConfig)):
        raise PluginError(
            f"{found} is broken: {found.record.config} should be a subclass of "
            f"gaussrep.config.ComponentConfig, got {loaded!r}."
        )
    return loaded


def type_of(kind: str, config: ComponentConfig) -> str:
    """Find the name of the component that a configuration belongs to.

    Args:
        kind: Kind of component.
        config: An instance; without `type`, its class decides.

    Returns:
        A short name, or a qualified one if the short one is ambiguous.

    Raises:
        PluginError: If the class belongs to no component or to several.
    """
    if config.type:
        return config.type
    spelled = f"{type(config).__module__}:{type(config).__qualname__}"
    everything = plugins.list(kind)
    owners = [found for found in everything if found.record.config == spelled]
    if len(owners) != 1:
        raise PluginError(
            f"{type(config).__name__} belongs to none or several of the {kind}; give it a type."
        )
    alone = sum(found.name == owners[0].name for found in everything) == 1
    return owners[0].name if alone else owners[0].qualified


def _name_of(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get("type")
    return value.type if type(value) is ComponentConfig else value


def _auto(kind: str, value: Any) -> ComponentConfig:
    if isinstance(value, Mapping) and len(value) > 1:
        raise PydanticCustomError(
            "component_auto",
            "auto takes no settings; name one of the {kind} by its type",
            {"kind": kind},
        )
    return ComponentConfig(type="auto")


def _instance(kind: str, value: Any) -> ComponentConfig:
    if isinstance(value, ComponentConfig) and type(value) is not ComponentConfig:
        return _checked(kind, value)
    settings = dict(value) if isinstance(value, Mapping) else {"type": _name_of(value)}
    name = settings.get("type")
    if not isinstance(name, str) or not name:
        known = suggest(
            "", (found.name for found in plugins.list(kind)), f"gaussrep plugins {kind}"
        )
        raise PydanticCustomError(
            "component_type",
            "expected one of the {kind} by its type; {known}",
            {"kind": kind, "known": known},
        )
    return config_class(kind, name).model_validate(settings)


def _checked(kind: str, config: ComponentConfig) -> ComponentConfig:
    """An instance of a component's own class, its type filled in."""
    name = type_of(kind, config)
    wanted = config_class(kind, name)
    if not isinstance(config, wanted):
        raise PluginError(
            f"{plugins.find(kind, name)} is configured by {wanted.__name__}, "
            f"got a {type(config).__name__}."
        )
    return config if config.type else config.model_copy(update={"type": name})
