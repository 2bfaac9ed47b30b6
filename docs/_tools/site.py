"""mkdocs hook: shows the version in the footer."""

from typing import Any

from gaussrep import __version__


def on_config(config: Any) -> Any:
    """Set the line in the footer."""
    config["copyright"] = f"gaussrep {__version__} · Apache-2.0"
    return config
