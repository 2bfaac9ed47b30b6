"""Write the metadata of this checkout's plugins, by which gaussrep finds them uninstalled.

python benchmarks/checkout_metadata.py FOLDER

FOLDER goes on PYTHONPATH beside the plugins' own folders. Plugins that are installed, and those
whose folders are not on PYTHONPATH, are left out.
"""

import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gaussrep

PLUGINS = Path(__file__).parents[1] / "plugins"


def write(project: dict[str, Any], folder: Path) -> None:
    """Write what an installer would, as far as gaussrep reads it."""
    name = project["name"]
    info = folder / f"{name.replace('-', '_')}-{gaussrep.__version__}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {gaussrep.__version__}"]
    lines += [f"Requires-Dist: {needed}" for needed in project["dependencies"]]
    (info / "METADATA").write_text("\n".join([*lines, ""]), encoding="utf-8")
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items())]
    text = "\n".join([*lines, ""])
    (info / "entry_points.txt").write_text(text, encoding="utf-8")


def is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def main(folder: Path) -> None:
    for file in sorted(PLUGINS.glob("*/pyproject.toml")):
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        package = project["name"].replace("-", "_")
        if find_spec(package) is not None and not is_installed(project["name"]):
            write(project, folder)
            print(f"found by its metadata in {folder}: {project['name']}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: checkout_metadata.py FOLDER")
    main(Path(sys.argv[1]))
