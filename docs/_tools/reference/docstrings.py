"""Docstrings of the fields of a configuration class."""

import inspect
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import griffe

from gaussrep.config import Config


def field_text(model: type[Config], name: str) -> str:
    """Read the docstring below a field, or its entry among the class's `Attributes`.

    Raises:
        LookupError: The field has no docstring.
    """
    for owner in model.__mro__:
        if name in inspect.get_annotations(owner):
            return _field_docstring(owner, name)
    raise LookupError(f"{model.__name__} has no field {name}")


def _field_docstring(owner: type, name: str) -> str:
    described = _module(owner.__module__)[owner.__qualname__]
    below = described.members[name].docstring
    text = below.value if below else _attributes(described).get(name)
    if not text:
        raise LookupError(f"{owner.__module__}.{owner.__qualname__}.{name} has no docstring")
    return text


def _attributes(described: Any) -> dict[str, str]:
    sections = described.docstring.parse("google") if described.docstring else []
    return {
        item.name: item.description
        for section in sections
        if section.kind is griffe.DocstringSectionKind.attributes
        for item in section.value
    }


@cache
def _module(name: str) -> griffe.Module:
    file = Path(str(inspect.getsourcefile(import_module(name))))
    return griffe.visit(name, filepath=file, code=file.read_text(encoding="utf-8"))
