"""Charts of reports: histograms and logged metrics, drawn by matplotlib as SVG."""

import csv
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from math import inf
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

logger = logging.getLogger("gaussrep")
BINS = 40
BLUE, ORANGE = "#4477aa", "#cc6644"

_SMOOTHING_WINDOWS = 30
_SIZE_INCHES = (3.2, 2.2)
_STYLE = {
    "axes.edgecolor": "#e3e6e8",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": "#667078",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "font.size": 8,
    "grid.color": "#e3e6e8",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "xtick.color": "#667078",
    "ytick.color": "#667078",
}

MetricStyles = Mapping[str, tuple[str, str]]
"""Legend entry and CSS color of each column of `metrics.csv`."""

LOSSES: MetricStyles = {"loss": ("training (smoothed)", BLUE), "val_loss": ("validation", ORANGE)}


@dataclass(frozen=True)
class Chart:
    """A chart with a caption.

    Attributes:
        title: Caption.
        svg: An `svg` element.
    """

    title: str
    svg: str


def bin_fractions(
    values: Float[Tensor, "*shape"], low: float, high: float
) -> Float[Tensor, " bins"]:
    """Count values in `BINS` bins of equal width.

    Args:
        values: Values outside the range count in the outer bins.
        low: Start of the range.
        high: End of the range, above its start.

    Returns:
        Fraction of the values in each bin; the sum is 1.
    """
    counts = torch.histc(values.float().clamp(low, high), BINS, low, high)
    return counts / counts.sum()


def histogram_chart(
    title: str,
    label: str,
    values: Float[Tensor, "*shape"],
    value_range: tuple[float, float],
    mark: float | None = None,
) -> Chart:
    """Draw a histogram in percent.

    Args:
        title: Caption.
        label: Label of the x axis, with the unit.
        values: Values outside the range count in the outer bins.
        value_range: Start and end of the x axis.
        mark: Value of a vertical line, in the range; none if None.

    Returns:
        The chart.
    """
    low, high = value_range
    percent = 100 * bin_fractions(values.detach().cpu(), low, high)
    width = (high - low) / BINS
    lefts = [low + index * width for index in range(BINS)]

    def paint(axes: Any) -> None:
        axes.bar(lefts, percent.tolist(), 0.9 * width, align="edge", color=BLUE)
        if mark is not None:
            axes.axvline(mark, color=ORANGE, linewidth=1.5).set_gid("mark")
        axes.set(xlabel=label, xlim=(low, high))
        axes.locator_params(axis="x", nbins=5)
        axes.yaxis.set_major_formatter("{x:g}%")

    return _draw(title, paint)


def metrics_charts(run: Path, title: str = "Loss", styles: MetricStyles = LOSSES) -> list[Chart]:
    """Draw columns of a run's `metrics.csv` on a logarithmic axis.

    Args:
        run: Folder of the run.
        title: Caption.
        styles: Legend entry and CSS color of each column; by default those of the training and the
            validation loss.

    Returns:
        One chart; none if the run logged none of the columns.
    """
    series = read_series(run, styles)

    def paint(axes: Any) -> None:
        for column, points in series.items():
            label, color = styles[column]
            marker = "o" if len(points) == 1 else ""
            steps, values = zip(*points, strict=True)
            axes.plot(steps, values, marker=marker, linewidth=1.5, color=color, label=label)
        axes.set(xlabel="step", yscale="log")
        _label_log_axis(axes.yaxis, *axes.get_ylim())
        axes.legend()

    return [_draw(title, paint)] if series else []


def read_series(run: Path, columns: Iterable[str]) -> dict[str, list[tuple[float, float]]]:
    """Read columns of a run's `metrics.csv`.

    Args:
        run: Folder of the run.
        columns: Names of the columns; those that start with `val_` are not smoothed, all others are
            trailing means over 1/30 of the run.

    Returns:
        Steps and values by column, without values that are not finite and positive; without empty
        columns. Nothing, with a warning, if the table is damaged.
    """
    log = run / "metrics.csv"
    if not log.is_file():
        return {}
    try:
        with log.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        series = {column: _smoothed_points(rows, column) for column in columns}
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        logger.warning("%s: no charts are drawn, it cannot be read (%r)", log, error)
        return {}
    return {column: points for column, points in series.items() if points}


def _smoothed_points(rows: list[dict[str, str]], column: str) -> list[tuple[float, float]]:
    logged = [(float(row["step"]), float(row[column])) for row in rows if row.get(column)]
    points = [(step, value) for step, value in logged if 0 < value < inf]
    if column.startswith("val_"):
        return points
    window = max(1, len(points) // _SMOOTHING_WINDOWS)
    values = [value for _, value in points]
    return [
        (step, mean(values[max(0, i - window + 1) : i + 1])) for i, (step, _) in enumerate(points)
    ]


def _label_log_axis(axis: Any, low: float, high: float) -> None:
    """Label round numbers as plain decimals, also if the axis spans less than a decade."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    wide = high > 10 * low
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if wide else MaxNLocator(5))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:g}")


def _draw(title: str, paint: Callable[[Any], None]) -> Chart:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    buffer = StringIO()
    style: Any = {**_STYLE, "svg.hashsalt": title}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
        FigureCanvasSVG(figure)
        paint(figure.subplots())
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", buffer.getvalue(), flags=re.DOTALL)
    return Chart(title, text[text.index("<svg") :].rstrip())
