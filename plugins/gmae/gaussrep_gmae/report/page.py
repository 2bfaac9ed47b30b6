"""The page: one HTML file with everything in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from statistics import mean

from jinja2 import Environment
from markupsafe import Markup

from gaussrep.report.data_url import data_url
from gaussrep.report.figure import Figure
from gaussrep.report.panel import Panel
from gaussrep.report.style import page_style
from gaussrep_gmae.report.crop import Crop

HOME = "gaussrep_gmae.report"
"""Package of the template and of the style."""


@dataclass(frozen=True)
class Page:
    """What a report says.

    Args:
        title: Heading.
        facts: Name and value of what is worth knowing about the model.
        figures: Charts.
        caption: What the panels are, a paragraph for each row of them.
        layers: CSS colors of the layers, nearest first; empty where there are none.
        crops: The images, at least one.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    figures: Sequence[Figure]
    caption: Sequence[str]
    layers: Sequence[str]
    crops: Sequence[Crop]


def render_page(page: Page, links: Sequence[Mapping[str, str]]) -> str:
    """Fill the page.

    Args:
        page: What it says.
        links: Of each image, names and addresses of the files beside the page.

    Returns:
        An HTML document that needs no other file to be shown.
    """
    template = files(HOME).joinpath("page.html.j2").read_text(encoding="utf-8")
    gains = [crop.gain.decibels for crop in page.crops]
    return (
        Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        .from_string(template)
        .render(
            page=page,
            style=Markup(page_style(HOME)),
            figures=[(figure.title, Markup(figure.svg)) for figure in page.figures],
            crops=[
                (crop.gain, [_row(row) for row in crop.rows], files_of)
                for crop, files_of in zip(page.crops, links, strict=True)
            ],
            gains=(mean(gains), min(gains), max(gains)),
        )
    )


def _row(panels: Sequence[Panel]) -> list[tuple[str, str]]:
    return [(panel.title, data_url(panel.picture)) for panel in panels]
