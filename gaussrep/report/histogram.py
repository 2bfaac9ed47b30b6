"""A histogram as SVG."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.report.axes import Axes, ticks

BINS = 40
COLOR = "#4477aa"
MARK = "#cc6644"


@dataclass(frozen=True)
class Histogram:
    """How many values lie where.

    Args:
        low: Where the first bin starts.
        high: Where the last bin ends.
        counts: Of bins of equal width.
    """

    low: float
    high: float
    counts: tuple[int, ...]

    @classmethod
    def of(cls, values: Float[Tensor, "*shape"], low: float, high: float) -> "Histogram":
        """Count values.

        Args:
            values: Those outside the range count in the outer bins.
            low: Start of the range.
            high: End of the range, above its start.

        Returns:
            `BINS` bins, whose counts add up to the number of values.
        """
        counts = torch.histc(values.float().clamp(low, high), BINS, low, high)
        return cls(low, high, tuple(round(count) for count in counts.tolist()))

    def draw(self, x_label: str, y_label: str, mark: float | None = None) -> str:
        """Bars of the share of all values.

        Args:
            x_label: What the values are.
            y_label: What is counted.
            mark: A value at which a line stands, in the range.

        Returns:
            An `svg` element; y is in percent.
        """
        total, width = sum(self.counts), (self.high - self.low) / len(self.counts)
        shares = [100 * count / total for count in self.counts]
        axes = Axes((self.low, self.high), (0.0, 1.08 * max(shares)))
        marks = [_bar(axes, self.low + i * width, width, share) for i, share in enumerate(shares)]
        marks += [] if mark is None else [_line(axes, mark)]
        percent = [(value, f"{text}%") for value, text in ticks(*axes.y)]
        return axes.draw(marks, ticks(self.low, self.high), percent, (x_label, y_label))


def _bar(axes: Axes, left: float, width: float, share: float) -> str:
    (x, y), (right, bottom) = axes.place(left, share), axes.place(left + width, 0.0)
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{right - x - 0.6:.1f}" height="{bottom - y:.1f}" '
        f'fill="{COLOR}"/>'
    )


def _line(axes: Axes, value: float) -> str:
    (x, bottom), (_, top) = axes.place(value, 0.0), axes.place(value, axes.y[1])
    return (
        f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" '
        f'stroke="{MARK}" stroke-width="1.5"/>'
    )
