"""The loss curve of a run."""

import csv
from pathlib import Path

from gaussrep_gmae.report.chart import Series, line_chart

SMOOTHING = 0.8
LINES = {"loss": ("training (smoothed)", "#4477aa"), "val_loss": ("validation", "#cc6644")}


def loss_curve(run: Path) -> str | None:
    """Chart of the training and validation loss.

    Args:
        run: A run's folder.

    Returns:
        An `svg` element, or None where the run logged no loss.
    """
    log = run / "metrics.csv"
    if not log.is_file():
        return None
    with log.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [
        Series(name, points, color)
        for column, (name, color) in LINES.items()
        if (points := _points(rows, column))
    ]
    return line_chart(lines, "step", "loss") if lines else None


def _points(rows: list[dict[str, str]], column: str) -> list[tuple[float, float]]:
    """Steps and values of a column; the training loss as a running mean."""
    points = [(float(row["step"]), float(row[column])) for row in rows if row.get(column)]
    if column != "loss":
        return points
    smooth, mean = [], points[0][1] if points else 0.0
    for step, value in points:
        mean = SMOOTHING * mean + (1 - SMOOTHING) * value
        smooth.append((step, mean))
    return smooth
