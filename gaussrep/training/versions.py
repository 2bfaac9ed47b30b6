"""Versions of everything that may change what a run computes. Never imports torch."""

import platform
from importlib.metadata import version

from gaussrep import plugins

_PACKAGES = ("gaussrep", "torch", "numpy", "accelerate", "safetensors")


def collect_versions() -> dict[str, object]:
    """Look up the versions of everything that may change what a run computes.

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
