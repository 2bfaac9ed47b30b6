"""Writing of a new plugin from the template."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from gaussrep.errors import PluginError
from gaussrep.new_plugin.name import PluginName
from gaussrep.runtime.atomic_files import atomic_folder

TEMPLATE = PluginName("new-plugin", "new_plugin")
"""Name of the template, which is a working distribution."""
CACHES = {"__pycache__", ".ruff_cache", ".pytest_cache"}
"""Folders that tools may create in the template."""


def write_plugin(name: PluginName, folder: Path) -> None:
    """Write a small distribution with a component of nearly every kind, and their tests.

    Args:
        name: Name of the distribution and its package.
        folder: Folder to write, which must not exist.

    Raises:
        PluginError: If the folder exists or cannot be written.
    """
    if folder.exists():
        raise PluginError(f"{folder} exists and is never overwritten; give another --folder.")
    try:
        with atomic_folder(folder) as temporary:
            for path, text in _render(files("gaussrep.new_plugin") / "template", name):
                (temporary / path).parent.mkdir(parents=True, exist_ok=True)
                (temporary / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise PluginError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _render(template: Traversable, name: PluginName) -> Iterator[tuple[str, str]]:
    """Yield paths and contents of the template's files under the new name."""
    for entry in template.iterdir():
        if entry.name in CACHES:
            continue
        path = _rename(entry.name, name)
        if entry.is_file():
            yield path, _rename(entry.read_text(encoding="utf-8"), name)
        else:
            yield from ((f"{path}/{inner}", text) for inner, text in _render(entry, name))


def _rename(text: str, name: PluginName) -> str:
    text = text.replace(TEMPLATE.distribution, name.distribution)
    return text.replace(TEMPLATE.package, name.package)
