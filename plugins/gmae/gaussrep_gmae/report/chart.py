"""A line chart as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 14, 40


@dataclass(frozen=True)
class Series:
    """One line.

    Args:
        name: Name in the legend.
        points: (x, y) with y > 0, in order of x.
        color: CSS colour.
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
    values = [y for line in series for _, y in line.points]
    low, high = log10(min(values)), log10(max(values))
    low, high = low - 0.05, high + 0.05
    last = max(x for line in series for x, _ in line.points) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * x / last
        return across, TOP + (HEIGHT - TOP - BOTTOM) * (high - log10(y)) / (high - low)

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{y_label}">']
    for tick in _log_ticks(low, high):
        _, y = place(0.0, tick)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for tick in _ticks(last):
        x, _ = place(tick, values[0])
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 20}" text-anchor="middle">{tick:g}</text>')
    for number, line in enumerate(series):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line.points))
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{line.color}" stroke-width="2"/>'
        )
        legend = f'x="{WIDTH - RIGHT}" y="{TOP + 14 + 18 * number}" text-anchor="end"'
        parts.append(f'<text {legend} style="fill:{line.color}">{line.name}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 3}" text-anchor="middle">{x_label}</text>')
    return "\n".join([*parts, "</svg>"])


def _ticks(last: float) -> list[float]:
    """Round numbers from 0 to the last, about five."""
    step = 10.0 ** floor(log10(last / 4 or 1))
    step *= next(m for m in (1, 2, 5, 10) if last / (step * m) <= 6)
    return [step * i for i in range(floor(last / step) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Round numbers (1, 2, 5 times a power of ten) between two decimal logarithms."""
    powers = range(floor(low), ceil(high) + 1)
    candidates = [m * 10.0**p for p in powers for m in (1, 2, 5)]
    return [tick for tick in candidates if low <= log10(tick) <= high]
