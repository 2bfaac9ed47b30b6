"""List every promised name: what the promised packages and modules export.

python tests/public_api/inventory.py          writes names.txt
python tests/public_api/inventory.py --check  reports changes since then
"""

import inspect
import sys
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("names.txt")
PACKAGES = (
    "gaussrep",
    "gaussrep.config",
    "gaussrep.data",
    "gaussrep.data.scenes",
    "gaussrep.embedding",
    "gaussrep.encoders",
    "gaussrep.evaluation",
    "gaussrep.fitting",
    "gaussrep.formats",
    "gaussrep.kernels",
    "gaussrep.losses",
    "gaussrep.methods",
    "gaussrep.metrics",
    "gaussrep.plugins",
    "gaussrep.rendering",
    "gaussrep.report",
    "gaussrep.testing",
    "gaussrep.training",
)
"""Packages whose `__all__` is a promise."""

MODULES = (
    "gaussrep.atomic_files",
    "gaussrep.checks",
    "gaussrep.console",
    "gaussrep.errors",
    "gaussrep.neighbors",
    "gaussrep.sh",
    "gaussrep.similarity",
)
"""Modules whose public definitions are a promise."""

CALLABLE = (staticmethod, classmethod)


def promised() -> dict[str, list[str]]:
    """Collect the promised names.

    Returns:
        Names by package or module.
    """
    names = {package: list(import_module(package).__all__) for package in PACKAGES}
    return names | {module: list(_defined(module)) for module in MODULES}


def inventory() -> list[str]:
    """Describe the promised names.

    Returns:
        Sorted lines: each name, with the parameters of functions and classes, and the public
        methods and properties of classes.
    """
    lines = set()
    for home, names in promised().items():
        for name in names:
            lines |= set(_describe(f"{home}.{name}", getattr(import_module(home), name)))
    return sorted(lines)


def _defined(module: str) -> Iterator[str]:
    for name, value in vars(import_module(module)).items():
        if not name.startswith("_") and getattr(value, "__module__", None) == module:
            yield name


def _describe(path: str, value: Any) -> Iterator[str]:
    if inspect.isclass(value) and value.__module__.startswith("gaussrep"):
        yield f"{path}{_parameters(value)}"
        for name, member in vars(value).items():
            if not name.startswith(("_", "test_")):
                yield from _describe_member(f"{path}.{name}", member)
    else:
        yield f"{path}{_parameters(value) if inspect.isfunction(value) else ''}"


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
        return
    if differences := changes(names):
        print("\n".join(differences))
        print("If this is intended: python tests/public_api/inventory.py, and commit names.txt.")
        sys.exit(1)


if __name__ == "__main__":
    main()
