"""Reports: a self-contained HTML page, and additional files next to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import ClassVar, Literal

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from gaussrep.formats.by_suffix import save
from gaussrep.gaussians import Gaussians
from gaussrep.report.charts import Chart
from gaussrep.report.images import Panel, contact_sheet, encode_data_url, save_png
from gaussrep.runtime.atomic_files import atomic_write

FOLDER = "report"
"""Name of the folder of files beside the page."""


@dataclass(frozen=True)
class Text:
    """A heading, a paragraph or custom HTML.

    Attributes:
        html: Plain text, or `Markup` with HTML tags.
        style: `heading`; a paragraph of explanations (`note`) or of results (`numbers`); or `html`
            for HTML without an element around it.
    """

    block: ClassVar[str] = "text"

    html: str
    style: Literal["heading", "note", "numbers", "html"] = "note"


@dataclass(frozen=True)
class Row:
    """Panels side by side.

    Attributes:
        panels: At least one panel.
        charts: Charts after the panels.
        html: Plain text, or `Markup`, after the charts.
        columns: Number of columns; by default one per panel.
    """

    block: ClassVar[str] = "row"

    panels: Sequence[Panel]
    charts: Sequence[Chart] = ()
    html: str = ""
    columns: int = 0


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        title: Caption.
        header: Column titles.
        rows: Cells, as many per row as titles.
    """

    block: ClassVar[str] = "table"

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Article:
    """One sample of a report.

    Attributes:
        name: Stem of the sample's files, `image-00`.
        head: Summary line above the blocks.
        blocks: Content, from top to bottom.
        gaussians: Gaussians of the sample, saved as `.ply`; None if there are none.
        title: Heading; empty for none.
    """

    name: str
    head: str
    blocks: Sequence[Text | Row | Table]
    gaussians: Gaussians | None = None
    title: str = ""

    @property
    def rows(self) -> list[Sequence[Panel]]:
        """All rows of panels."""
        return [block.panels for block in self.blocks if isinstance(block, Row) and block.panels]


@dataclass(frozen=True)
class ReportPage:
    """Content of a report.

    Attributes:
        title: Title of the page.
        summary: Paragraph below the title: plain text, or `Markup`.
        facts: Names and values that describe the model.
        charts: Charts of the run.
        articles: One per sample, at least one.
        overview: Rows of panels for `overview.png`.
        tables: Scores of the run.
        caption: Explanation of the panels beside the charts: plain text, or `Markup`.
        css: Custom CSS of the method.
        script: Custom JavaScript of the method.
    """

    title: str
    summary: str
    facts: Sequence[tuple[str, str]]
    charts: Sequence[Chart]
    articles: Sequence[Article]
    overview: Sequence[Sequence[Panel]]
    tables: Sequence[Table] = ()
    caption: str = ""
    css: str = ""
    script: str = ""

    def write(self, folder: Path) -> Path:
        """Write the report and the files beside it.

        Args:
            folder: Gets `report.html` and the folder `report`: `overview.png`, and for each article
                a PNG file of its panels and a `.ply` file of its Gaussians, if it has any.

        Returns:
            Path of `report.html`.
        """
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        links = [_write_files(article, folder) for article in self.articles]
        save_png(contact_sheet(self.overview), folder / FOLDER / "overview.png")
        path = folder / "report.html"
        with atomic_write(path) as temporary:
            temporary.write_text(render_page(self, links), encoding="utf-8")
        return path


def render_page(page: ReportPage, links: Sequence[Mapping[str, str]]) -> str:
    """Render a report as HTML.

    Args:
        page: Content.
        links: Names and relative addresses of the files of each article.

    Returns:
        An HTML document without references to other files, except the links.
    """
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {"figure": _figure, "raw": Markup}
    return environment.from_string(_resource("page.html.j2")).render(
        page=page,
        style=Markup(_resource("style.css") + page.css),
        script=Markup(page.script),
        articles=list(zip(page.articles, links, strict=True)),
    )


def _write_files(article: Article, folder: Path) -> dict[str, str]:
    image, scene = (f"{FOLDER}/{article.name}.{suffix}" for suffix in ("png", "ply"))
    save_png(contact_sheet(article.rows), folder / image)
    if article.gaussians is None:
        return {"panels (.png)": image}
    save(article.gaussians, folder / scene)
    return {"panels (.png)": image, "Gaussians (.ply)": scene}


def _resource(name: str) -> str:
    return files("gaussrep.report").joinpath(name).read_text(encoding="utf-8")


def _figure(panel: Panel) -> Markup:
    return Markup(
        '<figure><img alt="{}" src="{}" width="{}" height="{}"><figcaption>{}</figcaption></figure>'
    ).format(panel.title, encode_data_url(panel.image), *panel.image.size, panel.title)
