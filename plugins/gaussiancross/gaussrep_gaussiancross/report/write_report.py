"""The report of a `gaussiancross` run."""

from collections.abc import Sequence
from pathlib import Path

import torch

from gaussrep.methods.report import Report, Shown
from gaussrep.report.curve import Lines, log_curve, loss_curve
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.class_names import class_names
from gaussrep_gaussiancross.report.facts import facts_of, unit_of
from gaussrep_gaussiancross.report.one_scene import one_scene
from gaussrep_gaussiancross.report.page import Page
from gaussrep_gaussiancross.report.probe_table import probe_tables
from gaussrep_gaussiancross.report.publish import publish, summary_of
from gaussrep_gaussiancross.report.scene_report import SceneReport
from gaussrep_gaussiancross.report.similarity import Point

PARTS: Lines = {
    "color_loss": ("color", "#4477aa"),
    "depth_loss": ("depth", "#cc6644"),
    "semantic_loss": ("features", "#448855"),
}


@torch.no_grad()
def write_report(
    method: GaussianCross, shown: Shown, run: Path, folder: Path, picks: Sequence[Point] = ()
) -> Report:
    """Show what a trained model makes of scenes, from all of their points, nothing masked.

    Args:
        method: The trained model, in evaluation mode.
        shown: At least one scene, with views.
        run: The run's folder, for its losses, its scores and the names of its classes.
        folder: Where `report.html` and the folder `report` of PNG and PLY files are written.
        picks: Places in each scene, in the units of its points, with which other points are
            compared; chosen by features where there are none.

    Returns:
        The page, and how well the Gaussians explain the views.

    Raises:
        DataError: If the scenes have no points or no views.
    """
    names = class_names(run)
    scenes = [
        SceneReport.of(method, name, one_scene(shown.batch, i), picks, names)
        for i, name in enumerate(shown.names)
    ]
    unit = unit_of(method.config)
    page = Page(
        title=f"GaussianCross · {run.name}",
        summary=summary_of(scenes, unit),
        facts=facts_of(method),
        figures=[*loss_curve(run), *log_curve(run, "Weighted parts of the loss", PARTS)],
        tables=probe_tables(run),
        threshold=method.config.threshold,
        unit=unit,
        scenes=scenes,
    )
    return publish(page, folder)
