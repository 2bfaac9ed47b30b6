"""The base of every configuration."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from gaussrep.config.unknown_keys import name_nearest_keys


class Config(BaseModel):
    """A frozen set of options that refuses what it does not know.

    Example:
        >>> class Crop(Config):
        ...     size: int = 64
        >>> Crop(size=32).size
        32
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @model_validator(mode="wrap")
    @classmethod
    def _name_nearest_keys(cls, data: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(data)
        except ValidationError as error:
            raise name_nearest_keys(cls, error) from None


class ComponentConfig(Config):
    """Base of every component's configuration."""

    type: str = ""
    """Name of the component, short or `distribution:name`; filled in where it is known."""
