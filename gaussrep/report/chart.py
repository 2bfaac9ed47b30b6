"""A line chart as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from gaussrep.report.axes import RIGHT, TOP, WIDTH, Axes, log_ticks, ticks

MARGIN = 0.05
"""Room above and below the lines, in decades."""


@dataclass(frozen=True)
class Series:
    """One line.

    Args:
        name: Name in the legend.
        points: (x, y) with x >= 0 and y > 0, in order of x.
        color: CSS color.
    """

    name: str
    points: Sequence[tuple[float, float]]
    color: str


def line_chart(series: Sequence[Series], x_label: str, y_label: str) -> str:
    """Lines over a logarithmic y axis.

    Args:
        series: At least one line with at least one point.
        x_label: What x counts.
        y_label: What y measures.

    Returns:
        An `svg` element.
    """
    logs = [log10(y) for line in series for _, y in line.points]
    last = max(x for line in series for x, _ in line.points) or 1.0
    axes = Axes((0.0, last), (min(logs) - MARGIN, max(logs) + MARGIN))
    marks = [mark for number, line in enumerate(series) for mark in _line(axes, line, number)]
    return axes.draw(marks, ticks(0.0, last), log_ticks(*axes.y), (x_label, y_label))


def _line(axes: Axes, line: Series, number: int) -> list[str]:
    places = [axes.place(x, log10(y)) for x, y in line.points]
    legend = f'x="{WIDTH - RIGHT}" y="{TOP + 10 + 15 * number}" text-anchor="end"'
    return [
        _path(places, line.color),
        f'<text {legend} style="fill:{line.color}">{line.name}</text>',
    ]


def _path(places: list[tuple[float, float]], color: str) -> str:
    """A line; a dot where there is one point alone."""
    alone = len(places) == 1
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (places * 2 if alone else places))
    return (
        f'<polyline points="{path}" fill="none" stroke="{color}" '
        f'stroke-width="{5 if alone else 1.5}" stroke-linecap="round"/>'
    )
