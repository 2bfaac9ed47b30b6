"""The base of every configuration."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from gaussrep.config.unknown_keys import explain_unknown_keys


class Config(BaseModel):
    """Frozen settings that reject unknown keys.

    Attributes:
        renamed_keys: New name of every key that a class renamed, by its old name. Both may be
            dotted, relative to this class: `{"betas": "optimizer.betas"}`. Using an old key is an
            error that gives the new one; `gaussrep migrate` replaces it in run folders.

    Example:
        >>> class Crop(Config):
        ...     size: int = 64
        >>> Crop(size=32).size
        32
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    renamed_keys: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def all_renamed_keys(cls) -> dict[str, str]:
        """Collect the renamed keys of this class and of the classes that it inherits from.

        Returns:
            New dotted key by old dotted key.
        """
        tables = [vars(base).get("renamed_keys", {}) for base in reversed(cls.__mro__)]
        return {old: new for table in tables for old, new in table.items()}

    @model_validator(mode="wrap")
    @classmethod
    def _explain_unknown_keys(cls, data: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(data)
        except ValidationError as error:
            raise explain_unknown_keys(cls, error, cls.all_renamed_keys()) from None


class ComponentConfig(Config):
    """Base of every component's configuration."""

    type: str = ""
    """Name of the component, short or `distribution:name`; filled in where it is known."""
