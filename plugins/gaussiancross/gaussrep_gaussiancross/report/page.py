"""The page: one HTML file with everything in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment
from markupsafe import Markup

from gaussrep.report.data_url import data_url
from gaussrep.report.figure import Figure
from gaussrep.report.panel import Panel
from gaussrep.report.style import page_style
from gaussrep_gaussiancross.report.probe_table import Table
from gaussrep_gaussiancross.report.scene_report import SceneReport

HOME = "gaussrep_gaussiancross.report"
"""Package of the template, the style and the script."""


@dataclass(frozen=True)
class Page:
    """What a report says.

    Attributes:
        title: Heading.
        summary: Under it.
        facts: Name and value of what is worth knowing about the model.
        figures: Charts of the run.
        tables: Scores of the run.
        threshold: τ.
        unit: Of lengths.
        scenes: The scenes, at least one.
    """

    title: str
    summary: str
    facts: Sequence[tuple[str, str]]
    figures: Sequence[Figure]
    tables: Sequence[Table]
    threshold: float
    unit: str
    scenes: Sequence[SceneReport]


def render_page(page: Page, links: Sequence[Mapping[str, str]]) -> str:
    """Fill the page.

    Args:
        page: What it says.
        links: Of each scene, names and addresses of the files beside the page.

    Returns:
        An HTML document that needs no other file to be shown.
    """
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["image"] = _image
    environment.filters["plain"] = Markup
    environment.filters["json"] = lambda data: Markup(json.dumps(data, separators=(",", ":")))
    return environment.from_string(_text("page.html.j2")).render(
        page=page,
        style=Markup(page_style(HOME)),
        script=Markup(_text("pick.js")),
        scenes=list(zip(page.scenes, links, strict=True)),
    )


def _text(name: str) -> str:
    return files(HOME).joinpath(name).read_text(encoding="utf-8")


def _image(panel: Panel) -> Markup:
    """A picture with its caption."""
    return Markup(
        '<figure><img alt="{}" src="{}" width="{}" height="{}"><figcaption>{}</figcaption></figure>'
    ).format(panel.title, data_url(panel.picture), *panel.picture.size, panel.title)
