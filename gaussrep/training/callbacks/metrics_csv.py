"""metrics.csv: one row per logged step."""

import csv
from pathlib import Path
from typing import TextIO

from gaussrep.replacing import replacing
from gaussrep.training.callbacks.callback import Callback, Row
from gaussrep.training.training import TrainState

Rows = list[dict[str, str]]


class MetricsCsv(Callback):
    """Appends each logged step to the run's `metrics.csv`.

    A number that appears later than the first row gets a new column, empty in the rows before. A
    resumed run first drops the rows of steps that it will make again.
    """

    def on_start(self, state: TrainState) -> None:
        """Drop the rows past the step that the run goes on from."""
        self._file = state.run.metrics_file
        self._columns: list[str] = []
        if self._file.exists():
            self._columns, rows = read_rows(self._file)
            self._rewrite([row for row in rows if int(row["step"]) <= state.step])

    def on_log(self, state: TrainState, row: Row) -> None:
        """Append a row, and have it leave this process at once."""
        if new := [name for name in row if name not in self._columns]:
            rows = read_rows(self._file)[1] if self._columns else []
            self._columns += new
            self._rewrite(rows)
        with self._file.open("a", newline="", encoding="utf-8") as stream:
            self._writer(stream).writerow(row)

    def _rewrite(self, rows: Rows) -> None:
        with replacing(self._file) as new, new.open("w", newline="", encoding="utf-8") as stream:
            writer = self._writer(stream)
            writer.writeheader()
            writer.writerows(rows)

    def _writer(self, stream: TextIO) -> csv.DictWriter:
        return csv.DictWriter(stream, self._columns, lineterminator="\n")


def read_rows(file: Path) -> tuple[list[str], Rows]:
    """Read a `metrics.csv`, without a last line that a killed run did not finish.

    Args:
        file: The table.

    Returns:
        The names of the columns, and the rows as strings.
    """
    text = file.read_text(encoding="utf-8")
    whole_lines = text[: text.rfind("\n") + 1].splitlines()
    reader = csv.DictReader(whole_lines)
    rows = list(reader)
    return list(reader.fieldnames or []), rows
