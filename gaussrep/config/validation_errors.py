"""Turns pydantic's errors into one line per mistake."""

import reprlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from gaussrep.config.base import RENAMED
from gaussrep.errors import ConfigError, RenamedKeyError
from gaussrep.plugins.suggestions import did_you_mean

Explanation = Callable[[str, Sequence[int | str], str], str]
"""Adds a cure to a problem: called with pydantic's error type, the path and the problem."""

SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = 60


def config_error(
    error: ValidationError, data: Any, explain: Explanation | None = None
) -> ConfigError:
    """Make the error that users see of pydantic's.

    Args:
        error: Pydantic's error.
        data: The input that it validated.
        explain: Adds a cure to each problem.

    Returns:
        A `RenamedKeyError` if the input has keys of old names, otherwise a `ConfigError`.
    """
    renamed = any(detail["type"] == RENAMED for detail in error.errors(include_url=False))
    text = format_validation_error(error, data, explain)
    return (RenamedKeyError if renamed else ConfigError)(text)


def format_validation_error(
    error: ValidationError, data: Any, explain: Explanation | None = None
) -> str:
    """Describe every mistake by its dotted path, what was given and what was expected.

    Args:
        error: Pydantic's error.
        data: The input that it validated.
        explain: Adds a cure to each problem.

    Returns:
        One line per mistake: renamed keys first, the others in the order of the fields.
    """
    renamed: list[str] = []
    new_keys: set[str] = set()
    wanted: dict[str, list[str]] = {}
    given: dict[str, str] = {}
    for detail in error.errors(include_url=False):
        if detail["type"] == "default_factory_not_called":  # only because of another mistake
            continue
        path, value = _locate(data, detail["loc"], detail["type"])
        key = ".".join(map(str, path))
        if detail["type"] == RENAMED:
            context = detail.get("ctx", {})
            renamed.append(_renamed_line(key, **context))
            new_keys.add(key.removesuffix(context["old"]) + context["new"])
            continue
        problem = _problem(detail["msg"])
        if near := detail.get("ctx", {}).get("near"):
            prefix = "".join(f"{part}." for part in path[:-1])
            problem = f"unknown key; {did_you_mean(f'{prefix}{name}' for name in near)}"
        if explain is not None:
            problem = explain(detail["type"], path, problem)
        wanted.setdefault(key, []).append(problem)
        given[key] = "" if detail["type"] == "missing" else _shown(value)
    mistakes = [key for key in wanted if key not in new_keys]  # a renamed key is not missing too
    return "\n".join([*renamed, *(_line(key, given[key], wanted[key]) for key in mistakes)])


def _renamed_line(path: str, old: str, new: str) -> str:
    if not new:
        return f"{path} was removed."
    return f"{path} was renamed to {path.removesuffix(old)}{new}."


def _locate(data: Any, loc: Sequence[int | str], error: str) -> tuple[list[int | str], Any]:
    """Follow a location through the input; parts that are not keys denote a branch of a union."""
    path: list[int | str] = []
    for part in loc:
        if (isinstance(data, Mapping) and part in data) or _is_index(data, part):
            data = data[part]
        elif not (error == "missing" and part == loc[-1]):
            continue
        path.append(part)
    return path, data


def _is_index(data: Any, part: int | str) -> bool:
    return isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)


def _problem(message: str) -> str:
    if message == "Field required":
        return "is missing"
    if message.startswith("Input is not a valid path"):
        return "expected a path"
    if message.startswith("Input should be "):
        return "expected " + message.removeprefix("Input should be ").partition(", unable to")[0]
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _shown(value: Any) -> str:
    """Format the invalid value; a mapping is left out."""
    return "" if isinstance(value, Mapping) else f" = {SHORT.repr(value)}"


def _line(path: str, given: str, problems: list[str]) -> str:
    first, *others = dict.fromkeys(problems)
    if others and all(problem.startswith("expected ") for problem in (first, *others)):
        others = [problem.removeprefix("expected ") for problem in others]
    problem = " or ".join([first, *others])
    return f"{path}{given}: {problem}" if path or given else problem
