"""The frame of a chart: where values lie, ticks and labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH, HEIGHT = 300.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 12.0, 10.0, 38.0

Tick = tuple[float, str]
"""Where a tick lies and what it says."""


@dataclass(frozen=True)
class Axes:
    """A rectangle of values and the place of each on the page.

    Args:
        x: Lowest and highest value across.
        y: Lowest and highest value upwards.
    """

    x: tuple[float, float]
    y: tuple[float, float]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a value lies.

        Args:
            x: Across.
            y: Upwards.

        Returns:
            Units of the chart from its left and from its top.
        """
        across, up = _share(x, self.x), _share(y, self.y)
        return LEFT + (WIDTH - LEFT - RIGHT) * across, TOP + (HEIGHT - TOP - BOTTOM) * (1 - up)

    def draw(
        self, marks: Sequence[str], x: Sequence[Tick], y: Sequence[Tick], labels: tuple[str, str]
    ) -> str:
        """Put marks on a grid.

        Args:
            marks: Elements of the chart, over the grid and under the text.
            x: Ticks across.
            y: Ticks upwards, each with a line of the grid.
            labels: What x and y are.

        Returns:
            An `svg` element.
        """
        lines, texts = [], []
        for value, text in y:
            _, top = self.place(self.x[0], value)
            lines.append(
                f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{top:.1f}" '
                f'y2="{top:.1f}"/>'
            )
            texts.append(_text(LEFT - 6, top + 4, "end", text))
        for value, text in x:
            texts.append(_text(self.place(value, self.y[0])[0], HEIGHT - 22, "middle", text))
        texts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 5, "middle", labels[0]))
        head = f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{labels[1]}">'
        return "\n".join([head, *lines, *marks, *texts, "</svg>"])


def ticks(low: float, high: float) -> list[Tick]:
    """Round numbers between two values, four to seven.

    Args:
        low: The lower.
        high: The higher.

    Returns:
        Multiples of 1, 2 or 5 times a power of ten.

    Example:
        >>> [text for _, text in ticks(0.0, 1.0)]
        ['0', '0.2', '0.4', '0.6', '0.8', '1']
    """
    power = 10.0 ** floor(log10((high - low) / 4))
    step = next(m * power for m in (1, 2, 5, 10) if (high - low) / (m * power) <= 6)
    first, last = ceil(low / step - 1e-6), floor(high / step + 1e-6)
    return [(step * i, f"{step * i:.6g}") for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[Tick]:
    """Round numbers between two decimal logarithms.

    Args:
        low: Logarithm of the lower value.
        high: Logarithm of the higher.

    Returns:
        Logarithms of 1, 2 and 5 times powers of ten.
    """
    numbers = (m * 10.0**p for p in range(floor(low), ceil(high) + 1) for m in (1, 2, 5))
    return [(log10(number), f"{number:g}") for number in numbers if low <= log10(number) <= high]


def _share(value: float, span: tuple[float, float]) -> float:
    return (value - span[0]) / (span[1] - span[0])


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
