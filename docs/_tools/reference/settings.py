"""Tables of settings, generated from configuration classes."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from gaussrep.config import ComponentConfig, ComponentField, Config
from reference.docstrings import field_text
from reference.markdown import code, prose, table
from reference.words import default_words, type_words

HEAD = ("setting", "takes", "default", "meaning")


def settings_tables(model: type[Config]) -> str:
    """Generate a table with dotted names for nested settings, and one more per choice."""
    rows = list(_rows(model))
    parts = [table(HEAD, rows)] if rows else ["It has no settings."]
    for path, choice in _choices(model):
        parts.append(f"With `{path}.type={choice.model_fields['type'].default}`:")
        parts.append(table(HEAD, list(_rows(choice, None, f"{path}."))))
    return "\n\n".join(parts)


def _rows(model: type[Config], base: Config | None = None, prefix: str = "") -> Iterator[list[str]]:
    for name, field in model.model_fields.items():
        if _is_tag(model, name, field):
            continue
        nested, default = _nested(field), _default(field, base, name)
        if len(nested) == 1:
            yield from _rows(nested[0], default, f"{prefix}{name}.")
        elif nested:
            yield [code(f"{prefix}{name}.type"), _tags(nested), code(default.type),
                   prose(field_text(model, name))]  # fmt: skip
        else:
            words = "required" if default is ... else default_words(default)
            takes = type_words(field.annotation, tuple(field.metadata))
            yield [code(f"{prefix}{name}"), takes, words, prose(field_text(model, name))]


def _choices(model: type[Config]) -> Iterator[tuple[str, type[Config]]]:
    for name, field in model.model_fields.items():
        nested = _nested(field)
        if len(nested) > 1:
            yield from ((name, choice) for choice in nested)


def _tags(models: list[type[Config]]) -> str:
    return ", ".join(code(model.model_fields["type"].default) for model in models)


def _is_tag(model: type[Config], name: str, field: FieldInfo) -> bool:
    """Return whether a field only identifies its class."""
    literal = get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1
    return name == "type" and (issubclass(model, ComponentConfig) or literal)


def _nested(field: FieldInfo) -> list[type[Config]]:
    return list(_models(field.annotation, field.metadata))


def _models(annotation: Any, metadata: Iterable[Any] = ()) -> Iterator[type[Config]]:
    """Yield the configurations in an annotation; components have pages of their own."""
    if any(isinstance(item, ComponentField) for item in metadata):
        return
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _models(arguments[0], arguments[1:])
    elif isinstance(annotation, type) and issubclass(annotation, Config):
        yield annotation
    else:
        yield from (model for argument in arguments for model in _models(argument))


def _default(field: FieldInfo, base: Config | None, name: str) -> Any:
    """Return the default in the enclosing configuration; `...` if the field is required."""
    if base is not None and base is not ...:
        return getattr(base, name)
    if field.is_required():
        return ...
    return field.get_default(call_default_factory=True)
