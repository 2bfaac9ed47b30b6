"""Says, of a key that does not exist, which one was probably meant."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from gaussrep.plugins.suggest import suggest


def name_nearest_keys(model: type[BaseModel], error: ValidationError) -> ValidationError:
    """Add the nearest keys to a model's errors about unknown keys.

    Args:
        model: The model that refused its input.
        error: All it had to say, errors of nested models included.

    Returns:
        The same errors; those about unknown keys of this model are of type `unknown_key`.
    """
    details = error.errors(include_url=False)
    if not any(_is_own(detail) for detail in details):
        return error
    lines = [
        InitErrorDetails(
            type=_unknown(model, str(detail["loc"][0])) if _is_own(detail) else _same(detail),
            loc=detail["loc"],
            input=detail["input"],
        )
        for detail in details
    ]
    return ValidationError.from_exception_data(error.title, lines)


def _is_own(detail: Mapping[str, Any]) -> bool:
    return detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1


def _same(detail: Mapping[str, Any]) -> PydanticCustomError:
    return PydanticCustomError(detail["type"], "{text}", {"text": detail["msg"]})


def _unknown(model: type[BaseModel], key: str) -> PydanticCustomError:
    deeper = [path for path in _paths(model) if path.endswith(f".{key}")]
    hint = suggest(key, model.model_fields) if not deeper else _meant(deeper)
    return PydanticCustomError("unknown_key", "unknown key; {hint}", {"hint": hint})


def _meant(paths: list[str]) -> str:
    return f"did you mean {' or '.join(map(repr, paths))}?"


def _paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Dotted paths of all fields, those of nested models included."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, f"{prefix}{name}.")
