"""The loss curve of a run."""

import csv
from pathlib import Path
from statistics import mean

from gaussrep_gmae.report.chart import Series, line_chart
from gaussrep_gmae.report.figure import Figure

WINDOWS = 30
"""The training loss is smoothed over a window of this part of the run."""

LINES = {"loss": ("training (smoothed)", "#4477aa"), "val_loss": ("validation", "#cc6644")}


def loss_curve(run: Path) -> list[Figure]:
    """Chart of the training and validation loss.

    Args:
        run: A run's folder.

    Returns:
        One chart; none where the run logged no loss.
    """
    log = run / "metrics.csv"
    if not log.is_file():
        return []
    with log.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [
        Series(name, points, color)
        for column, (name, color) in LINES.items()
        if (points := _points(rows, column))
    ]
    return [Figure("Loss", line_chart(lines, "step", "loss"))] if lines else []


def _points(rows: list[dict[str, str]], column: str) -> list[tuple[float, float]]:
    """Steps and values of a column; the training loss as a mean over the rows just before."""
    points = [(float(row["step"]), float(row[column])) for row in rows if row.get(column)]
    if column != "loss":
        return points
    window = max(1, len(points) // WINDOWS)
    losses = [value for _, value in points]
    return [
        (step, mean(losses[max(0, i - window + 1) : i + 1])) for i, (step, _) in enumerate(points)
    ]
