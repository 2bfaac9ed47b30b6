"""Curves of what a run logged."""

import csv
from collections.abc import Mapping
from math import inf
from pathlib import Path
from statistics import mean

from gaussrep.report.chart import Series, line_chart
from gaussrep.report.figure import Figure

WINDOWS = 30
"""Training values are smoothed over a window of this part of the run."""

Lines = Mapping[str, tuple[str, str]]
"""Name in the legend and CSS color of each column of the log."""

LOSSES: Lines = {"loss": ("training (smoothed)", "#4477aa"), "val_loss": ("validation", "#cc6644")}


def loss_curve(run: Path) -> list[Figure]:
    """Chart of the training and validation loss.

    Args:
        run: A run's folder.

    Returns:
        One chart; none where the run logged no loss.
    """
    return log_curve(run, "Loss", LOSSES)


def log_curve(run: Path, title: str, lines: Lines) -> list[Figure]:
    """Chart of columns of a run's log, on a logarithmic axis.

    Args:
        run: A run's folder.
        title: What they are.
        lines: The columns; values that are not finite and positive are left out.

    Returns:
        One chart; none where the run logged none of them.
    """
    log = run / "metrics.csv"
    if not log.is_file():
        return []
    with log.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    series = [
        Series(name, points, color)
        for column, (name, color) in lines.items()
        if (points := _points(rows, column))
    ]
    return [Figure(title, line_chart(series, "step", title.lower()))] if series else []


def _points(rows: list[dict[str, str]], column: str) -> list[tuple[float, float]]:
    """Steps and values of a column; of training, the mean over the rows just before."""
    given = [(float(row["step"]), float(row[column])) for row in rows if row.get(column)]
    points = [(step, value) for step, value in given if 0 < value < inf]
    if column.startswith("val_"):
        return points
    window = max(1, len(points) // WINDOWS)
    values = [value for _, value in points]
    return [
        (step, mean(values[max(0, i - window + 1) : i + 1])) for i, (step, _) in enumerate(points)
    ]
