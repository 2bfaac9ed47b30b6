"""Render the report's page and write its files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import isnan
from pathlib import Path
from statistics import fmean

from jinja2 import Environment
from markupsafe import Markup

import gaussrep as gr
from gaussrep.atomic_files import atomic_write
from gaussrep.methods import Report
from gaussrep.report.data_url import data_url
from gaussrep.report.figure import Figure
from gaussrep.report.panel import Panel
from gaussrep.report.sheet import contact_sheet
from gaussrep.report.style import page_style
from gaussrep.report.write_png import write_png
from gaussrep_gaussiancross.config import GaussianCrossConfig
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.scene_report import SceneReport

PROBE = "semantic-probe"
COLUMNS = {"miou": "mIoU", "macc": "mean accuracy", "all_acc": "accuracy"}


@dataclass(frozen=True)
class Table:
    """A table of scores as text.

    Attributes:
        title: Title of the table.
        header: Titles of the columns.
        rows: Cells of each row, one per column.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def probe_tables(run: Path) -> list[Table]:
    """Read the scores of `semantic-probe` from a run folder.

    Args:
        run: Folder of the run.

    Returns:
        One table per file in its `evaluations`; none where there is no file.
    """
    files = sorted((run / "evaluations").glob("*.json"))
    records = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return [
        Table(
            f"Linear probe on classes of points, after {record['step']} steps",
            ("", *COLUMNS.values()),
            [(row, *_cells(scores)) for row, scores in record["scores"].items()],
        )
        for record in records
        if record["evaluation"].split(":")[-1] == PROBE
    ]


def _cells(scores: dict[str, float]) -> list[str]:
    return [f"{100 * scores[column]:.1f}%" if column in scores else "" for column in COLUMNS]


Fact = tuple[str, str]
"""A name and a value."""


def describe_model(method: GaussianCross) -> list[Fact]:
    """Describe a model.

    Args:
        method: The model.

    Returns:
        Names and values: backbone, voxels, cells, threshold, teacher and number of parameters.
    """
    config = method.config
    backbone = sum(parameter.numel() for parameter in method.backbone.parameters())
    weights = sum(parameter.numel() for parameter in method.parameters())
    return [
        ("Backbone", f"{config.backbone.type}, {_millions(backbone)}, {method.point_width} wide"),
        ("Voxels", _voxels(config)),
        ("Cells", " x ".join(map(str, config.anchors))),
        ("τ", f"{config.opacity_threshold:g}"),
        ("Teacher", str(config.teacher.type) if config.semantic_weight else "none"),
        ("Parameters", _millions(weights)),
    ]


def _voxels(config: GaussianCrossConfig) -> str:
    if config.grid_size is None:
        return f"{config.voxels_per_side} along the longest side"
    return f"{config.grid_size:g} m"


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M"


HOME = "gaussrep_gaussiancross.report"
"""Package of the template, the style and the script."""


@dataclass(frozen=True)
class Page:
    """Content of the report.

    Attributes:
        title: Heading.
        summary: Text under the heading.
        facts: Names and values that describe the model.
        figures: Charts of the run.
        tables: Scores of the run.
        threshold: Opacity threshold τ.
        unit: Unit of lengths.
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
    """Render the page.

    Args:
        page: Content of the report.
        links: Names and addresses of the files beside the page, for each scene.

    Returns:
        A self-contained HTML document.
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
    """Render an image with its caption."""
    return Markup(
        '<figure><img alt="{}" src="{}" width="{}" height="{}"><figcaption>{}</figcaption></figure>'
    ).format(panel.title, data_url(panel.picture), *panel.picture.size, panel.title)


FOLDER = "report"
"""Folder of the files beside the page."""

VIEWS = 3
"""Rows of views on `overview.png`."""


def publish(page: Page, folder: Path) -> Report:
    """Write the page and its files.

    Args:
        page: Content of the report.
        folder: Folder for `report.html`, and for the subfolder `report` with `overview.png`, and a
            PNG of the panels and a `.ply` of the Gaussians of each scene.

    Returns:
        Path of the page, and its summary.
    """
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    links = [_write_files(scene, folder, i) for i, scene in enumerate(page.scenes)]
    write_png(contact_sheet(_overview(page.scenes[0])), folder / FOLDER / "overview.png")
    path = folder / "report.html"
    with atomic_write(path) as temporary:
        temporary.write_text(render_page(page, links), encoding="utf-8")
    return Report(path, page.summary)


def summarize(scenes: list[SceneReport], unit: str) -> str:
    """Summarize reconstruction quality in one sentence.

    Args:
        scenes: The scenes, at least one.
        unit: Unit of lengths.

    Returns:
        The sentence.
    """
    psnr, gain = (fmean(values) for values in zip(*((s.psnr, s.gain) for s in scenes), strict=True))
    errors = [scene.depth_error for scene in scenes if not isnan(scene.depth_error)]
    depth = f"depth is off by {fmean(errors):.2f} {unit}" if errors else "no depth was measured"
    views = sum(len(scene.views) for scene in scenes)
    return (
        f"{views} rendered views of {len(scenes)} {'scene' if len(scenes) == 1 else 'scenes'} "
        f"reach {psnr:.1f} dB PSNR, {gain:+.1f} dB against each view's mean color; {depth}; "
        f"{fmean(scene.kept for scene in scenes):.0%} of the Gaussians are kept."
    )


def _write_files(scene: SceneReport, folder: Path, number: int) -> dict[str, str]:
    """Write one scene's files; return their names and their addresses relative to the page."""
    panels, gaussians = (f"{FOLDER}/scene-{number:02d}.{suffix}" for suffix in ("png", "ply"))
    classes = scene.classes.panels if scene.classes else ()
    rows = [
        *(view.panels for view in scene.views),
        *(scene.pruning.panels, *scene.exterior, scene.similar, classes),
    ]
    write_png(contact_sheet([row for row in rows if row]), folder / panels)
    gr.save(scene.gaussians, folder / gaussians)
    return {"panels (.png)": panels, "Gaussians (.ply)": gaussians}


def _overview(scene: SceneReport) -> list[list[Panel]]:
    spread = scene.views[:: max(1, len(scene.views) // VIEWS)][:VIEWS]
    return [*(_main_panels(view.panels) for view in spread), scene.exterior[0]]


def _main_panels(panels: list[Panel]) -> list[Panel]:
    """Return the panels of color, depth and features."""
    return [p for p in panels if not p.title.startswith(("error", "alpha"))]
