"""The page of a `gaussiancross` run: one article per scene."""

import json
import logging
from collections.abc import Iterator, Sequence
from importlib.resources import files
from math import isnan
from pathlib import Path
from statistics import fmean
from typing import Any

from markupsafe import Markup

from gaussrep.report import Article, Panel, Row, Table, Text
from gaussrep.runtime import read_json
from gaussrep_gaussiancross.config import GaussianCrossConfig
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.classes import Classes
from gaussrep_gaussiancross.report.scene_report import Pruning, SceneReport
from gaussrep_gaussiancross.report.similarity import PickMap
from gaussrep_gaussiancross.report.views import ViewReport

logger = logging.getLogger("gaussrep")

PICK_HTML = """\
<div class="pick">
<script type="application/json">DATA</script>
<figure><canvas width="912" height="684"></canvas>
<figcaption>from above: click to pick another point</figcaption></figure>
<figure><canvas width="912" height="684"></canvas><figcaption class="range"></figcaption></figure>
</div>"""
"""The two maps that `pick.js` draws."""

OVERVIEW_VIEWS = 3
"""Rows of views on `overview.png`."""

PROBE = "semantic-probe"
COLUMNS = {"miou": "mIoU", "macc": "mean accuracy", "all_acc": "accuracy"}


def probe_tables(run: Path) -> list[Table]:
    """Read the scores of `semantic-probe` from a run folder.

    Args:
        run: Folder of the run.

    Returns:
        One table per file in its `evaluations`; none if there is no file.
    """
    files = sorted((run / "evaluations").glob("*.json"))
    records = [record for file in files if (record := _read_record(file)) is not None]
    return [
        Table(
            f"Linear probe on classes of points, after {record['step']} steps",
            ("", *COLUMNS.values()),
            [(row, *_cells(scores)) for row, scores in record["scores"].items()],
        )
        for record in records
        if str(record["evaluation"]).split(":")[-1] == PROBE
    ]


def _read_record(file: Path) -> dict[str, Any] | None:
    """Read the scores of an evaluation; None, with a warning, if they are damaged."""
    try:
        record = read_json(file)
        if not {"evaluation", "step"} <= record.keys():
            raise KeyError("it has no evaluation or step")
        for scores in record["scores"].values():
            _cells(scores)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        logger.warning("%s: these scores are left out, they cannot be read (%s)", file, error)
        return None
    return record


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


def resource(name: str) -> str:
    """Read a file of this package.

    Args:
        name: `style.css` or `pick.js`.

    Returns:
        Its text.
    """
    return files("gaussrep_gaussiancross.report").joinpath(name).read_text(encoding="utf-8")


def overview_rows(scene: SceneReport) -> list[list[Panel]]:
    """Choose the panels of `overview.png`.

    Args:
        scene: The first scene.

    Returns:
        Color, depth and features of up to three views, and one exterior view.
    """
    spread = scene.views[:: max(1, len(scene.views) // OVERVIEW_VIEWS)][:OVERVIEW_VIEWS]
    return [*(_main_panels(view.panels) for view in spread), scene.exterior[0]]


def scene_article(scene: SceneReport, number: int, threshold: float, unit: str) -> Article:
    """Lay out one scene.

    Args:
        scene: The scene.
        number: Its place in the report, from 0.
        threshold: Opacity threshold τ.
        unit: Unit of lengths.

    Returns:
        The article.
    """
    pruning = scene.pruning
    return Article(
        name=f"scene-{number:02d}",
        title=scene.name,
        head=f"{scene.points:,} points in {scene.voxels:,} voxels, without masking; "
        f"{pruning.kept:,} of {pruning.all:,} Gaussians kept",
        blocks=[
            *_view_blocks(scene.views, unit),
            *_pruning_blocks(pruning, threshold),
            *_exterior_blocks(scene.exterior),
            *_similarity_blocks(scene.similar, scene.picks),
            *(_class_blocks(scene.classes) if scene.classes else ()),
        ],
        gaussians=scene.gaussians,
    )


def _view_blocks(views: Sequence[ViewReport], unit: str) -> Iterator[Text | Row]:
    yield Text("Views", "heading")
    note = (
        "Each real view beside the rendering from its camera. Both depth images have the same "
        "colors, near bright and far dark, gray where there is no depth; depth errors are black "
        "from the length in the caption."
    )
    if views[0].cosine is not None:
        note += (
            " Features are colored by the first three principal components of the teacher's "
            "features in this scene."
        )
    yield Text(note)
    for view in views:
        yield Row(view.panels)
        yield Text(_numbers(view, unit), "numbers")


def _numbers(view: ViewReport, unit: str) -> Markup:
    gain = view.psnr - view.baseline
    parts = [
        Markup("Frame {}: <b>{:.1f} dB</b> PSNR, {:+.1f} dB against the view's mean color").format(
            view.frame, view.psnr, gain
        ),
        Markup("no depth was measured")
        if isnan(view.depth_error)
        else Markup("depth error <b>{:.2f} {}</b>").format(view.depth_error, unit),
    ]
    if view.cosine is not None:
        parts.append(Markup("cosine with the teacher <b>{:.2f}</b>").format(view.cosine))
    return Markup("; ").join(parts) + "."


def _pruning_blocks(pruning: Pruning, threshold: float) -> Iterator[Text | Row]:
    yield Text("Before and after pruning", "heading")
    note = (
        "The first view, rendered with all Gaussians and with the kept ones: "
        f"{pruning.above_threshold:,} have an opacity above τ = {threshold:g}, the line in the "
        "first chart"
    )
    if pruning.kept > pruning.above_threshold:
        note += "; the most opaque of the others are kept as well, to reach the smallest number"
    yield Text(f"{note}.")
    yield Row(pruning.panels, pruning.charts, columns=5)


def _exterior_blocks(rows: Sequence[Sequence[Panel]]) -> Iterator[Text | Row]:
    yield Text("From outside", "heading")
    yield Text(
        "Back-facing surfaces are culled. The frame is the grid of cells. Features are the "
        "backbone's, one per point, colored by their first three principal components."
    )
    yield from map(Row, rows)


def _similarity_blocks(panels: Sequence[Panel], picks: PickMap) -> Iterator[Text | Row]:
    yield Text("Similar features", "heading")
    yield Text(
        "Cosine of each point's feature with that of the ringed point, the most similar brightest."
    )
    yield Row(panels)
    data = json.dumps(picks.data(), separators=(",", ":"))
    yield Text(Markup(PICK_HTML.replace("DATA", data)), "html")


def _class_blocks(classes: Classes) -> Iterator[Text | Row]:
    yield Text("Classes", "heading")
    yield Text(
        "Ground-truth classes, and the same number of k-means clusters of the features, computed "
        "without labels. Each cluster is matched with one class, the pair with most common points "
        f"first: {classes.matched:.0%} of the labeled points have the color of their class."
    )
    entry = Markup('<li><span style="background: {}"></span>{}</li>')
    entries = Markup("").join(entry.format(color, name) for name, color in classes.legend)
    legend = Markup('<ul class="classes">{}</ul>').format(entries)
    yield Row(classes.panels, html=legend, columns=3)


def _main_panels(panels: list[Panel]) -> list[Panel]:
    """Return the panels of color, depth and features."""
    return [p for p in panels if not p.title.startswith(("error", "alpha"))]
