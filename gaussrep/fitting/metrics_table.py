"""The `metrics.csv` of a fit: one row per logged step."""

import csv
from pathlib import Path

from gaussrep.atomic_files import atomic_write
from gaussrep.training.callbacks import read_rows

Row = dict[str, int | float]

COLUMNS: tuple[str, ...] = (
    "step", "loss", "l1", "ssim", "depth", "gaussians", "sh_degree", "steps_per_second",
    "val_psnr", "val_ssim",
)  # fmt: skip
"""Those that begin with `val` are filled in where held-out views were measured."""


class MetricsTable:
    """Appends rows to a file, and begins with those of the steps that a resumed fit has made.

    Args:
        file: The table; made where it is missing.
        step: Rows of later steps are dropped, since they will be made again.
    """

    def __init__(self, file: Path, step: int) -> None:
        self._file = file
        rows = read_rows(file)[1] if file.exists() else []
        with atomic_write(file) as new, new.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(row for row in rows if int(row["step"]) <= step)

    def append(self, row: Row) -> None:
        """Write a row, and have it leave this process at once."""
        with self._file.open("a", newline="", encoding="utf-8") as stream:
            csv.DictWriter(stream, COLUMNS, lineterminator="\n").writerow(row)
