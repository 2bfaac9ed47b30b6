"""Docstrings of the fields of configuration classes, read from their sources."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from gaussrep.config.base import Config

ENTRY = re.compile(r"(\w+)(?: \(.*\))?: (.*)")
"""First line of an entry in an `Attributes` section."""


def field_text(model: type[Config], name: str) -> str:
    """Read the docstring below a field, or its entry among the class's `Attributes`.

    Args:
        model: The configuration class.
        name: Name of the field.

    Returns:
        The text on one line.

    Raises:
        LookupError: The field has no docstring, or its source is not there.
    """
    for owner in model.__mro__:
        if name in inspect.get_annotations(owner):
            return _own_text(owner, name)
    raise LookupError(f"{model.__name__} has no field {name}")


def _own_text(owner: type, name: str) -> str:
    body = _classes(owner.__module__).get(owner.__qualname__)
    text = _below(body, name) or _attributes(inspect.getdoc(owner) or "").get(name)
    if not text:
        raise LookupError(f"{owner.__module__}.{owner.__qualname__}.{name} has no docstring")
    return " ".join(text.split())


def _below(owner: ast.ClassDef | None, name: str) -> str | None:
    """Return the text that follows the annotation of a field."""
    body = owner.body if owner else []
    for field, following in pairwise(body):
        if isinstance(field, ast.AnnAssign) and ast.unparse(field.target) == name:
            return _text(following)
    return None


def _text(statement: ast.stmt) -> str | None:
    value = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return None


def _attributes(docstring: str) -> dict[str, str]:
    """Read the `Attributes` section of a class's docstring."""
    found: dict[str, str] = {}
    name = ""
    for line in _section(docstring, "Attributes:"):
        entry = ENTRY.fullmatch(line[4:])
        if entry and not line.startswith(" " * 5):
            name = entry[1]
            found[name] = entry[2]
        elif name:
            found[name] += f" {line.strip()}"
    return found


def _section(docstring: str, title: str) -> Iterator[str]:
    lines = iter(docstring.splitlines())
    if title not in lines:  # advances to the line after the title
        return
    for line in lines:
        if line and not line.startswith("    "):
            return
        yield line


@cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    file = inspect.getsourcefile(import_module(module))
    text = Path(file).read_text(encoding="utf-8") if file else ""
    return dict(_named(ast.parse(text).body, ""))


def _named(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            name = f"{prefix}{statement.name}"
            yield name, statement
            yield from _named(statement.body, f"{name}.")
