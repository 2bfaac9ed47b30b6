"""Settings that name where a data set is. Never imports torch."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gaussrep.config import ComponentConfig

PLACES = ("data.root", "data.source.root", "data.capture.path")
"""Settings that name where a data set is, which may move."""


def find_places(data: ComponentConfig) -> dict[str, Path]:
    """Find the folders that settings of a data set name, not those to download to.

    Args:
        data: The settings.

    Returns:
        Folders by dotted key.
    """
    values = dict(flat_settings({"data": data.model_dump()}))
    if values.get("data.download"):
        return {}
    return {key: values[key] for key in PLACES if isinstance(values.get(key), Path)}


def flat_settings(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten nested settings.

    Args:
        values: Nested mappings.
        prefix: Start of all keys.

    Yields:
        Dotted keys with values.
    """
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat_settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
