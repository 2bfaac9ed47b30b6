"""Text and tables as Markdown."""

import re
from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table."""
    return "\n".join(map(_line, [head, ["---"] * len(head), *rows]))


def prose(text: str) -> str:
    """Join text to one line and escape HTML and table separators outside code."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(
        part if part.startswith("`") else part.replace("<", "&lt;").replace("|", r"\|")
        for part in parts
    )


def code(text: object) -> str:
    """Format text as inline code."""
    return f"`{text}`"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
