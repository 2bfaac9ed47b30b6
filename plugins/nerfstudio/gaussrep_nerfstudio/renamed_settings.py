"""Settings with older names in the `config.yml` of runs; imports nothing of gaussrep."""

from collections.abc import Mapping
from typing import Any


def rename_settings(state: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """Give the settings of an older version their present names.

    Args:
        state: Values by name, as the `config.yml` of a run holds them.
        renamed: Present names by older name.

    Returns:
        The values by their present names.
    """
    return {renamed.get(name, name): value for name, value in state.items()}
