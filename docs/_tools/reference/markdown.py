"""Text and tables as Markdown."""

import re
from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table."""
    return "\n".join(map(_line, [head, ["---"] * len(head), *rows]))


def prose(text: str) -> str:
    """One line; what is not code and looks like HTML is shown as it stands."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(
        part if part.startswith("`") else part.replace("<", "&lt;").replace("|", r"\|")
        for part in parts
    )


def code(text: object) -> str:
    """A word of code."""
    return f"`{text}`"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
