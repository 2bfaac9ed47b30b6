"""Write down every public name: what packages export and what the documentation describes.

python tests/public_api/inventory.py          writes names.txt
python tests/public_api/inventory.py --check  says what has come and gone since
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).with_name("names.txt")
CALLABLE = (staticmethod, classmethod)


def inventory() -> list[str]:
    """Every public name, functions and classes with the names of their parameters."""
    names = set()
    for package in exporting():
        names |= {f"{package}.{name}" for name in import_module(package).__all__}
    for documented in described():
        names |= set(members(documented, find(documented)))
    return sorted(names)


def exporting() -> list[str]:
    """Packages of the core whose `__all__` is a promise."""
    files = (ROOT / "gaussrep").rglob("__init__.py")
    folders = [file.parent for file in files if "__all__" in file.read_text(encoding="utf-8")]
    return [".".join(folder.relative_to(ROOT).parts) for folder in folders]


def described() -> list[str]:
    """What the pages of the reference describe."""
    pages = (ROOT / "docs" / "api").glob("*.md")
    return [
        path
        for page in pages
        for path in re.findall(r"^::: (\S+)$", page.read_text(), re.MULTILINE)
    ]


def find(path: str) -> Any:
    """The module, class or function of a dotted path."""
    try:
        return import_module(path)
    except ModuleNotFoundError:
        parent, _, name = path.rpartition(".")
        return getattr(find(parent), name)


def members(path: str, value: Any) -> Iterator[str]:
    """A name and what is public beneath it."""
    if isinstance(value, ModuleType):
        for name in defined(value):
            yield from members(f"{path}.{name}", getattr(value, name))
    elif inspect.isclass(value):
        yield f"{path}{parameters(value)}"
        for name, member in vars(value).items():
            if not name.startswith(("_", "test_")):
                yield from method(f"{path}.{name}", member)
    else:
        yield f"{path}{parameters(value) if inspect.isfunction(value) else ''}"


def method(path: str, member: Any) -> Iterator[str]:
    """A method or a property, unless it is something else."""
    if isinstance(member, CALLABLE):
        member = member.__func__
    if inspect.isfunction(member):
        yield f"{path}{parameters(member)}"
    elif isinstance(member, property):
        yield path


def parameters(function: Any) -> str:
    """Names of parameters, `(image, *, size)`; nothing where they cannot be known."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    bare = [p.replace(annotation=p.empty, default=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def defined(module: ModuleType) -> list[str]:
    """Public names that a module's own text defines."""
    names: list[str] = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    return [name for name in names if not name.startswith("_")]


def changes(names: list[str]) -> list[str]:
    """What differs from the file."""
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
        print("Where that is meant: python tests/public_api/inventory.py, and commit names.txt.")
        sys.exit(1)


if __name__ == "__main__":
    main()
