"""Versions of everything that may change the numbers of a run. Never imports torch."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gaussrep import plugins
from gaussrep.runtime.plain_files import read_json

VERSIONS = "versions.json"
"""File in a run's folder."""
_PACKAGES = ("gaussrep", "torch", "numpy", "accelerate", "safetensors")


def read_versions(run: Path) -> Any:
    """Read the versions of what a run was started with.

    Args:
        run: The run's folder.

    Returns:
        What `collect_versions` returned then; None if the file is missing or no JSON.
    """
    try:
        return read_json(run / VERSIONS)
    except (OSError, ValueError):
        return None


def describe_changes(before: object) -> str:
    """Describe which versions changed since a run was started.

    Args:
        before: What `read_versions` returned.

    Returns:
        Names with the versions then and now; empty if none differs, or `before` is damaged.
    """
    if not isinstance(before, dict):
        return ""
    now, changes = collect_versions(), []
    for group in ("packages", "plugins"):
        found, stored = now[group], before.get(group)
        if isinstance(found, dict) and isinstance(stored, dict):
            changes += [
                f"{name} {stored[name]} (now {found[name]})"
                for name in found.keys() & stored.keys()
                if found[name] != stored[name]
            ]
    return ", ".join(sorted(changes))


def collect_versions() -> dict[str, object]:
    """Collect the versions of everything that may change the numbers of a run.

    Returns:
        Python, platform, the packages that training rests on, and each installed plugin.
    """
    distributions = {component.distribution: component.version for component in plugins.list()}
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version(name) for name in _PACKAGES},
        "plugins": {
            name: found for name, found in sorted(distributions.items()) if name != "gaussrep"
        },
    }
