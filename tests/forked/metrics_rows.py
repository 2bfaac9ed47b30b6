"""The table of a run's metrics, for tests that compare runs."""

from pathlib import Path

from gaussrep.training.metrics_table import MACHINE_COLUMNS, Rows, read_rows


def rows_of(run: Path) -> Rows:
    """Read the rows of a run's table, without the columns that tell of the machine."""
    rows = read_rows(run / "metrics.csv")[1]
    return [{k: v for k, v in row.items() if k not in MACHINE_COLUMNS} for row in rows]
