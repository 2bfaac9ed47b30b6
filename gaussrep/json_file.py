"""Plain data as a JSON file."""

import json
from pathlib import Path
from typing import Any

from gaussrep.replacing import replacing


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write a file, whole or not at all.

    Args:
        content: Plain data.
        path: File to write; overwritten.
    """
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
