"""A chart with a title."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A chart and what it shows.

    Args:
        title: Its caption.
        svg: An `svg` element.
    """

    title: str
    svg: str
