"""Base classes of configurations, and errors about unknown keys."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar, LiteralString

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from gaussrep.config.synonyms import near_keys
from gaussrep.plugins.suggestions import did_you_mean

RENAMED = "renamed_key"
UNKNOWN = "unknown_key"
_UNKNOWN_TEXT: LiteralString = "unknown key; {hint}"


def explain_unknown_keys(
    model: type[BaseModel], error: ValidationError, renamed: Mapping[str, str]
) -> ValidationError:
    """Add new names and nearest keys to a model's errors about unknown keys.

    Args:
        model: The model that rejected its input.
        error: All its errors, those of nested models included.
        renamed: New dotted key by old dotted key, relative to the model.

    Returns:
        The same errors; those about unknown keys of this model are of type `renamed_key` or
        `unknown_key`.
    """
    details = error.errors(include_url=False)
    if not any(detail["type"] in ("extra_forbidden", UNKNOWN) for detail in details):
        return error
    lines = [
        InitErrorDetails(
            type=_explained(model, detail, renamed), loc=detail["loc"], input=detail["input"]
        )
        for detail in details
    ]
    return ValidationError.from_exception_data(error.title, lines)


def _explained(
    model: type[BaseModel], detail: Mapping[str, Any], renamed: Mapping[str, str]
) -> PydanticCustomError:
    key = ".".join(map(str, detail["loc"]))
    if detail["type"] in ("extra_forbidden", UNKNOWN) and key in renamed:
        context = {"old": key, "new": renamed[key]}
        return PydanticCustomError(RENAMED, _renamed_text(renamed[key]), context)
    if detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1:
        near = _near_paths(model, key, detail["input"])
        context = {"near": near, "hint": _hint(model, near)}
        return PydanticCustomError(UNKNOWN, _UNKNOWN_TEXT, context)
    if detail["type"] == RENAMED:
        return PydanticCustomError(RENAMED, _renamed_text(detail["ctx"]["new"]), detail["ctx"])
    if detail["type"] == UNKNOWN:
        return PydanticCustomError(UNKNOWN, _UNKNOWN_TEXT, detail["ctx"])
    return PydanticCustomError(detail["type"], "{text}", {"text": detail["msg"]})


def _renamed_text(new: str) -> LiteralString:
    return "was renamed to {new}" if new else "was removed"


def _near_paths(model: type[BaseModel], key: str, value: Any) -> list[str]:
    """Find the dotted paths in a model that an unknown key of it may mean."""
    paths = list(_paths(model))
    deeper = [path for path in paths if path.endswith(f".{key}")]
    near = deeper or near_keys(key, model.model_fields) or near_keys(key, paths)
    inner = value if isinstance(value, Mapping) else {}
    return near or [name for name in model.model_fields if name in inner]


def _hint(model: type[BaseModel], near: Sequence[str]) -> str:
    return did_you_mean(near) if near else f"there are: {', '.join(sorted(model.model_fields))}."


def _paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Dotted paths of all fields, those of nested models included."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, f"{prefix}{name}.")


class Config(BaseModel):
    """Frozen settings that reject unknown keys.

    Attributes:
        renamed_keys: New name of every key that a class renamed, by its old name. Both may be
            dotted, relative to this class: `{"betas": "optimizer.betas"}`; the new one is empty
            if the key was removed. Using an old key is an error that gives the new one;
            `gaussrep migrate` replaces it in run folders. Keys that a subclass has are not renamed.

    Examples:
        >>> class Crop(Config):
        ...     size: int = 64
        >>> Crop(size=32).size
        32
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    renamed_keys: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def all_renamed_keys(cls) -> dict[str, str]:
        """Collect the renamed keys of this class and of the classes that it inherits from.

        Returns:
            New dotted key by old dotted key; empty if the key was removed.
        """
        tables = [vars(base).get("renamed_keys", {}) for base in reversed(cls.__mro__)]
        renamed = {old: new for table in tables for old, new in table.items()}
        return {old: new for old, new in renamed.items() if old not in cls.model_fields}

    def preflight(self) -> None:
        """Check that the files, folders and devices that these settings name exist on this machine.

        Commands call it for every nested configuration before they import torch, so it must be fast
        and import nothing heavy. By default nothing is checked.

        Raises:
            GaussrepError: Something is missing; the message gives the cure.
        """

    def unused_fields(self) -> Collection[str]:
        """Name the fields without effect, given the values of the others.

        Returns:
            Names of fields, whose components and nested settings are not checked by commands.
        """
        return ()

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
