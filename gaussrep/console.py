"""Tables of results on the console."""

import sys
from collections.abc import Sequence

import typer


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table.

    On a terminal it has borders and is wrapped to the width; elsewhere each row is one line of
    aligned columns.

    Args:
        headers: Titles of the columns.
        rows: Cells, one per header.
    """
    if sys.stdout.isatty():
        _draw(headers, rows)
        return
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for row in [headers, *rows]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _draw(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headers)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
