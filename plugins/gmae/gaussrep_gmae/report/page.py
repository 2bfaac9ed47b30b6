"""HTML page of a report, in one file."""

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
from gaussrep_gmae.report.crop import ReportImage

HOME = "gaussrep_gmae.report"
"""Package of the template and the style."""


@dataclass(frozen=True)
class ReportPage:
    """Content of a report.

    Args:
        title: Heading.
        facts: Names and values of facts about the model.
        figures: Charts.
        caption: Description of the panels, one paragraph per row.
        layers: CSS colors of the layers, nearest first; empty if there are none.
        images: Images, at least one.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    figures: Sequence[Figure]
    caption: Sequence[str]
    layers: Sequence[str]
    images: Sequence[ReportImage]


def render_page(page: ReportPage, links: Sequence[Mapping[str, str]]) -> str:
    """Render the page as HTML.

    Args:
        page: Content of the report.
        links: For each image, names and addresses of the files beside the page.

    Returns:
        An HTML document without references to other files, except links.
    """
    template = files(HOME).joinpath("page.html.j2").read_text(encoding="utf-8")
    gains = [image.psnr.gain for image in page.images]
    return (
        Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        .from_string(template)
        .render(
            page=page,
            style=Markup(page_style(HOME)),
            figures=[(figure.title, Markup(figure.svg)) for figure in page.figures],
            images=[
                (image.psnr, [_row(row) for row in image.rows], image_links)
                for image, image_links in zip(page.images, links, strict=True)
            ],
            gains=(mean(gains), min(gains), max(gains)),
        )
    )


def _row(panels: Sequence[Panel]) -> list[tuple[str, str]]:
    return [(panel.title, data_url(panel.picture)) for panel in panels]
