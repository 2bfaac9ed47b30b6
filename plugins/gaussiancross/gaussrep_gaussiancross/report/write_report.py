"""Write the report of a `gaussiancross` run."""

from collections.abc import Sequence
from pathlib import Path

import torch

from gaussrep.methods import Batch, Report, ReportSamples
from gaussrep.report import ReportPage, metrics_charts
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.page import (
    describe_model,
    overview_rows,
    probe_tables,
    resource,
    scene_article,
    summarize,
)
from gaussrep_gaussiancross.report.scene_report import SceneReport, unit_of
from gaussrep_gaussiancross.report.similarity import Point
from gaussrep_gaussiancross.scene_batch import SceneBatch

POINT_KEYS = ("points", "colors", "normals", "labels", "instances", "scene")
VIEW_KEYS = ("images", "depths", "viewmats", "Ks", "frames")

MAX_VIEWS = 5
"""Largest number of views shown per scene."""


def select_scene(batch: Batch, number: int) -> Batch:
    """Select one scene of a batch.

    Args:
        batch: A batch of scenes.
        number: Index of the scene.

    Returns:
        A batch of the scene alone, with at most `MAX_VIEWS` views.

    Raises:
        DataError: If the batch is not one of scenes.
    """
    own = SceneBatch.of(batch).scene == number
    alone = {}
    for name, values in batch.items():
        if name in POINT_KEYS:
            alone[name] = values[own]
        else:
            alone[name] = values[number : number + 1]
            if name in VIEW_KEYS:
                alone[name] = alone[name][:, :MAX_VIEWS]
    return alone | {"scene": alone["scene"] - number}


LOSS_LINES = {
    "color_loss": ("color", "#4477aa"),
    "depth_loss": ("depth", "#cc6644"),
    "semantic_loss": ("features", "#448855"),
}


@torch.no_grad()
def write_report(
    method: GaussianCross,
    shown: ReportSamples,
    run: Path,
    folder: Path,
    picks: Sequence[Point] = (),
) -> Report:
    """Write the report of a trained model on scenes, without masking.

    Args:
        method: The trained model, in evaluation mode.
        shown: At least one scene, with views.
        run: The run's folder, for its losses and its scores.
        folder: Folder for `report.html` and the subfolder `report` of PNG and PLY files.
        picks: Positions in each scene, in the units of its points, of the points that others are
            compared with; chosen by features if empty.

    Returns:
        Path of the page, and a summary of reconstruction quality.

    Raises:
        DataError: If the scenes have no points or no views.
    """
    scenes = [
        SceneReport.of(method, name, select_scene(shown.batch, i), picks, shown.classes)
        for i, name in enumerate(shown.names)
    ]
    unit = unit_of(method.config)
    summary = summarize(scenes, unit)
    page = ReportPage(
        title=f"GaussianCross · {run.name}",
        summary=summary,
        facts=[*_training_facts(shown), *describe_model(method)],
        charts=[
            *metrics_charts(run),
            *metrics_charts(run, "Weighted parts of the loss", LOSS_LINES),
        ],
        tables=probe_tables(run),
        articles=[
            scene_article(scene, number, method.config.opacity_threshold, unit)
            for number, scene in enumerate(scenes)
        ],
        overview=overview_rows(scenes[0]),
        css=resource("style.css"),
        script=resource("pick.js"),
    )
    return Report(page.write(folder), summary)


def _training_facts(shown: ReportSamples) -> list[tuple[str, str]]:
    return [] if shown.step is None else [("Step", f"{shown.step:,}")]
