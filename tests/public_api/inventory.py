"""List every promised name: what the promised packages and modules export.

python tests/public_api/inventory.py          writes names.txt, and prints the number of names
python tests/public_api/inventory.py --check  reports changes since then

A name that several packages export counts once, for the first of them. A namespace, a module that a
package exports, counts as one name; its members are listed and promised all the same.
"""

import inspect
import sys
from collections.abc import Iterator
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("names.txt")
HOMES = (
    "gaussrep",
    "gaussrep.config",
    "gaussrep.plugins",
    "gaussrep.methods",
    "gaussrep.encoders",
    "gaussrep.losses",
    "gaussrep.metrics",
    "gaussrep.rendering",
    "gaussrep.kernels",
    "gaussrep.data",
    "gaussrep.fitting",
    "gaussrep.training",
    "gaussrep.embedding",
    "gaussrep.evaluation",
    "gaussrep.formats",
    "gaussrep.editing",
    "gaussrep.report",
    "gaussrep.testing",
    "gaussrep.errors",
    "gaussrep.runtime",
    "gaussrep.neighbors",
    "gaussrep.similarity",
)
"""Packages and modules whose public names are a promise, the front door first."""

CALLABLE = (staticmethod, classmethod)


def promised() -> dict[str, list[str]]:
    """Collect the promised names.

    Returns:
        Names by package or module, namespaces among them.
    """
    names = {home: _public(home) for home in HOMES}
    for home in HOMES[1:]:
        spaces = [name for name in names[home] if inspect.ismodule(_value(home, name))]
        names |= {f"{home}.{space}": _public(f"{home}.{space}") for space in spaces}
    return names


def homes() -> dict[str, list[str]]:
    """Assign every promised object to the first package or module that exports it.

    Returns:
        Names by package or module.
    """
    seen = set()
    first = {}
    for home, names in promised().items():
        own = [name for name in names if (name, id(_value(home, name))) not in seen]
        seen |= {(name, id(_value(home, name))) for name in own}
        first[home] = own
    return first


def inventory() -> list[str]:
    """Describe the promised names.

    Returns:
        Sorted lines: each name, with the parameters of functions and classes, and the public
        methods and properties of classes.
    """
    lines = set()
    for home, names in homes().items():
        for name in names:
            lines |= set(_describe(f"{home}.{name}", _value(home, name)))
    return sorted(lines)


def count() -> Iterator[str]:
    """Count the promised names.

    Yields:
        One line per package or module, and the sum.
    """
    found = homes()
    for home in HOMES:
        spaces = [space for space in found if space.startswith(f"{home}.") and space not in HOMES]
        members = "".join(f", {len(found[s])} more in {s.removeprefix(home)[1:]}" for s in spaces)
        if found[home]:
            yield f"{len(found[home]):4} {home}{members if home != HOMES[0] else ''}"
    total = sum(len(found[home]) for home in HOMES)
    yield f"{total:4} names, {len(found[HOMES[0]])} of them at the front door"


def _public(module: str) -> list[str]:
    return list(getattr(import_module(module), "__all__", _defined(module)))


def _value(home: str, name: str) -> Any:
    return getattr(import_module(home), name)


def _defined(module: str) -> Iterator[str]:
    for name, value in vars(import_module(module)).items():
        if not name.startswith("_") and getattr(value, "__module__", None) == module:
            yield name


def _describe(path: str, value: Any) -> Iterator[str]:
    if inspect.isclass(value) and value.__module__.startswith("gaussrep"):
        yield f"{path}{_parameters(value)}"
        for name, member in _members(value).items():
            if not name.startswith(("_", "test_")):
                yield from _describe_member(f"{path}.{name}", member)
    else:
        yield f"{path}{_parameters(value) if inspect.isfunction(value) else ''}"


def _members(cls: type) -> dict[str, Any]:
    """Collect the members of a class, and those of its bases that are not promised themselves."""
    bases = [base for base in cls.__mro__[1:] if base.__module__.startswith("gaussrep")]
    unlisted = [base for base in bases if base not in _listed()]
    return {
        name: member for each in (*reversed(unlisted), cls) for name, member in vars(each).items()
    }


@cache
def _listed() -> frozenset[Any]:
    return frozenset(
        value
        for home, names in promised().items()
        for name in names
        if inspect.isclass(value := _value(home, name))
    )


def _describe_member(path: str, member: Any) -> Iterator[str]:
    if isinstance(member, CALLABLE):
        member = member.__func__
    if inspect.isfunction(member):
        yield f"{path}{_parameters(member)}"
    elif isinstance(member, property):
        yield path


def _parameters(function: Any) -> str:
    if inspect.isclass(function) and issubclass(function, Enum):
        return ""  # each Python writes it in its own way
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    bare = [p.replace(annotation=p.empty, default=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def changes(names: list[str]) -> list[str]:
    """Compare the inventory with the file.

    Args:
        names: Lines of `inventory`.

    Returns:
        One line per name that is gone or new.
    """
    known = set(FILE.read_text(encoding="utf-8").splitlines())
    gone = [f"gone: {name}" for name in sorted(known - set(names))]
    return gone + [f"new:  {name}" for name in names if name not in known]


def main() -> None:
    """Write the file, or compare with it."""
    names = inventory()
    if "--check" not in sys.argv[1:]:
        FILE.write_text("\n".join(names) + "\n", encoding="utf-8")
        print(*count(), sep="\n")
        return
    if differences := changes(names):
        print("\n".join(differences))
        print("If this is intended: python tests/public_api/inventory.py, and commit names.txt.")
        sys.exit(1)


if __name__ == "__main__":
    main()
