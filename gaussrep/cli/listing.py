"""Lists of names with their descriptions, for terminals and for pipes."""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from gaussrep.runtime.console import print_table

WIDEST = 100
"""Maximum width of a list on a terminal, in columns."""
NAMES = 20
"""Width of the column of names that descriptions stand beside; longer names get their own line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list.

    Args:
        name: Name of the kind that is listed.
        facts: Short facts, such as its default; columns if there is no terminal.
        text: Its description.
        heading: Name and facts on one line, for terminals.
    """

    name: str
    facts: tuple[str, ...]
    text: str
    heading: str


def print_entries(headers: Sequence[str], entries: Sequence[Entry]) -> None:
    """Print names with facts and indented descriptions.

    On a terminal the text is wrapped to its width, at most 100 columns; elsewhere each entry is one
    line of aligned columns.

    Args:
        headers: Titles of name, facts and text, for the columns.
        entries: The entries.
    """
    if not sys.stdout.isatty():
        print_table(headers, [[each.name, *each.facts, each.text] for each in entries])
        return
    for each in entries:
        heading = _wrapped(each.heading, "", "    ")
        bold, rest = heading[: len(each.name)], heading[len(each.name) :]
        typer.echo(typer.style(bold, bold=True) + rest)
        if each.text:
            typer.echo(_wrapped(each.text, "    ", "    "))


def print_names(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print names with their descriptions beside them.

    Args:
        title: Line above the names; empty for none.
        rows: Names and descriptions.
    """
    if title:
        typer.secho(title, bold=sys.stdout.isatty())
    for name, text in rows:
        typer.echo(_beside(name, text))


def print_text(text: str) -> None:
    """Print a paragraph, wrapped to the width of lists.

    Args:
        text: One paragraph.
    """
    typer.echo(_wrapped(text, "", "  "))


def width() -> int:
    """Return the width of lists on the console.

    Returns:
        The terminal's number of columns, at most 100; 100 if there is no terminal.
    """
    return min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)


def _beside(name: str, text: str) -> str:
    indent = " " * (NAMES + 2)
    if len(name) > NAMES - 2:
        first = f"  {name}"
        return "\n".join([first, _wrapped(text, indent, indent)]) if text else first
    return _wrapped(text, f"  {name:<{NAMES}}", indent) if text else f"  {name}"


def _wrapped(text: str, first: str, others: str) -> str:
    return textwrap.fill(
        text, width(), initial_indent=first, subsequent_indent=others,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
