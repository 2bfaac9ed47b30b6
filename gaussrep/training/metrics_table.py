"""Read the table of a run's metrics. Never imports torch."""

import csv
from pathlib import Path

from gaussrep.errors import RunError
from gaussrep.runtime.plain_files import read_plain_text

Rows = list[dict[str, str]]
MACHINE_COLUMNS = frozenset({"samples_per_second", "memory_gb"})
"""Columns that tell of the machine, and differ between runs with the same numbers."""


def read_rows(file: Path) -> tuple[list[str], Rows]:
    """Read a `metrics.csv`, without a last line that a killed run did not finish.

    Args:
        file: The table.

    Returns:
        The names of the columns, and the rows as strings.

    Raises:
        RunError: It cannot be read, or is not a table of numbers with a column `step`.
    """
    try:
        text = read_plain_text(file)
        whole_lines = text[: text.rfind("\n") + 1].splitlines()
        reader = csv.DictReader(whole_lines, strict=True)
        rows = list(reader)
        for row in rows:
            for name, value in row.items():
                _ = int(value) if name == "step" else float(value or 0)
        columns = list(reader.fieldnames or [])
        if rows and "step" not in columns:
            raise ValueError("it has no column step")
    except (OSError, ValueError, TypeError, OverflowError, csv.Error) as error:
        raise RunError(
            f"{file} is damaged ({error}); repair it, or move it away to start a new one"
        ) from error
    return columns, rows


def last_row(file: Path) -> dict[str, float]:
    """Read the last row of a `metrics.csv`.

    Args:
        file: The table.

    Returns:
        The numbers that were measured; empty if there is no row.
    """
    rows = read_rows(file)[1] if file.exists() else []
    return {name: float(value) for name, value in rows[-1].items() if value} if rows else {}
