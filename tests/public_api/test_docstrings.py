"""Docstrings of promised functions describe every argument, the value and the errors."""

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import pytest

SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|Example|Examples):$", re.MULTILINE)
IMPLICIT = ("self", "cls", "typingctx")
"""Parameters that callers do not give."""


def promised_functions() -> dict[str, object]:
    """Promised functions and the public methods of promised classes, by dotted path."""
    path = Path(__file__).with_name("inventory.py")
    spec = importlib.util.spec_from_file_location("public_api_inventory", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {}
    for home, names in module.promised().items():
        for name in names:
            value = getattr(import_module(home), name)
            found |= dict(functions(f"{home}.{name}", value))
    return found


def definition(value: object) -> object:
    """The Python function of what Numba compiles; other values as they are."""
    for attribute in ("py_func", "_defn"):
        value = getattr(value, attribute, value)
    return value


def functions(path: str, value: object) -> Iterator[tuple[str, object]]:
    """A function, or the public methods that a class of gaussrep defines."""
    value = definition(value)
    if inspect.isfunction(value):
        yield path, value
    elif inspect.isclass(value) and value.__module__.startswith("gaussrep"):
        for name, member in vars(value).items():
            function = getattr(member, "__func__", member)
            if not name.startswith(("_", "test_")) and inspect.isfunction(function):
                yield f"{path}.{name}", function


def sections(docstring: str) -> dict[str, str]:
    """Text of each section of a Google docstring."""
    parts = SECTION.split(inspect.cleandoc(docstring))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def raises(function: object) -> bool:
    """Whether the function's own body raises an exception of its own."""
    tree = ast.parse(dedent(inspect.getsource(inspect.unwrap(function))))
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


def has_value(function: object) -> bool:
    """Whether a call has a value; an intrinsic declares it in the signature that it returns."""
    if "typingctx" in inspect.signature(function).parameters:
        return "types.void(" not in inspect.getsource(inspect.unwrap(function))
    returns = inspect.signature(function).return_annotation
    return returns not in (None, "None", inspect.Signature.empty)


def missing(function: object) -> list[str]:
    """What the docstring leaves out."""
    docstring = function.__doc__ or ""
    if re.search(
        r"[Ss]ee (the base class|`[\w.]+`)\.$", docstring.partition("\n")[0]
    ):  # overrides of a documented method
        return []
    found = sections(docstring)
    signature = inspect.signature(function)
    documented = set(
        re.findall(r"^    \*{0,2}(\w+)(?: \([^)]*\))?:", found.get("Args", ""), re.MULTILINE)
    )
    parameters = {name for name in signature.parameters if name not in IMPLICIT}
    gaps = [f"argument {name}" for name in sorted(parameters - documented)]
    gaps += [f"unknown argument {name}" for name in sorted(documented - parameters - {"cls"})]
    if has_value(function) and not found.keys() & {"Returns", "Yields"}:
        gaps.append("Returns")
    if raises(function) and "Raises" not in found:
        gaps.append("Raises")
    return gaps


def test_compiled_functions_are_checked():
    found = promised_functions()
    assert has_value(found["gaussrep.kernels.claim"])
    assert has_value(found["gaussrep.kernels.simd.load"])
    assert not has_value(found["gaussrep.kernels.simd.store"])


def test_docstrings_of_promised_functions_are_complete():
    gaps = {path: missing(function) for path, function in promised_functions().items()}
    assert {path: gap for path, gap in gaps.items() if gap} == {}


@pytest.mark.parametrize(
    ("docstring", "gaps"),
    [
        ("Add.\n\n    Args:\n        x: Number.\n\n    Returns:\n        Sum.\n    ", ["Raises"]),
        ("Add.\n\n    Raises:\n        ValueError: Never.\n    ", ["argument x", "Returns"]),
    ],
)
def test_gaps_are_found(tmp_path, monkeypatch, docstring, gaps):
    (tmp_path / "gaps.py").write_text(
        f'def add(x: int) -> int:\n    """{docstring}"""\n    raise ValueError(x)\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "gaps", raising=False)
    assert missing(import_module("gaps").add) == gaps
