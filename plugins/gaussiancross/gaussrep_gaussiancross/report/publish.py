"""Write a report: one HTML file, and beside it pictures and Gaussians to take away."""

from math import isnan
from pathlib import Path
from statistics import fmean

import gaussrep as gr
from gaussrep.methods.report import Report
from gaussrep.replacing import replacing
from gaussrep.report.panel import Panel
from gaussrep.report.sheet import contact_sheet
from gaussrep.report.write_png import write_png
from gaussrep_gaussiancross.report.page import Page, render_page
from gaussrep_gaussiancross.report.scene_report import SceneReport

FOLDER = "report"
"""Of the files beside the page."""

VIEWS = 3
"""Rows of views on `overview.png`."""


def publish(page: Page, folder: Path) -> Report:
    """Write a page and its files.

    Args:
        page: What the page says.
        folder: Where `report.html` is written, and the folder `report`: `overview.png`, and for
            each scene a PNG of its panels and a `.ply` of its Gaussians.

    Returns:
        The page and its summary.
    """
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    links = [_write_files(scene, folder, i) for i, scene in enumerate(page.scenes)]
    write_png(contact_sheet(_overview(page.scenes[0])), folder / FOLDER / "overview.png")
    path = folder / "report.html"
    with replacing(path) as temporary:
        temporary.write_text(render_page(page, links), encoding="utf-8")
    return Report(path, page.summary)


def summary_of(scenes: list[SceneReport], unit: str) -> str:
    """Say in a sentence how well scenes were said.

    Args:
        scenes: At least one.
        unit: Of lengths.
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
    """Names and addresses, seen from the page, of one scene's files."""
    picture, gaussians = (f"{FOLDER}/scene-{number:02d}.{suffix}" for suffix in ("png", "ply"))
    classes = scene.classes.panels if scene.classes else ()
    rows = [
        *(view.panels for view in scene.views),
        *(scene.pruning.panels, *scene.outside, scene.similar, classes),
    ]
    write_png(contact_sheet([row for row in rows if row]), folder / picture)
    gr.save(scene.gaussians, folder / gaussians)
    return {"panels (.png)": picture, "Gaussians (.ply)": gaussians}


def _overview(scene: SceneReport) -> list[list[Panel]]:
    spread = scene.views[:: max(1, len(scene.views) // VIEWS)][:VIEWS]
    return [*(_telling(view.panels) for view in spread), scene.outside[0]]


def _telling(panels: list[Panel]) -> list[Panel]:
    """Color, depth and features."""
    return [p for p in panels if not p.title.startswith(("error", "alpha"))]
