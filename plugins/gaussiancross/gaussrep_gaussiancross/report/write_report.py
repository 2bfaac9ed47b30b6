"""Write the report of a `gaussiancross` run."""

from collections.abc import Sequence
from pathlib import Path

import torch

from gaussrep.building import build
from gaussrep.methods.method import Batch
from gaussrep.methods.report import Report, ReportSamples
from gaussrep.report.curve import Lines, log_curve, loss_curve
from gaussrep.training.run_folder import RunFolder
from gaussrep_gaussiancross.evaluations.scenes import LabeledScenes
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.page import (
    Page,
    facts_of,
    probe_tables,
    publish,
    summary_of,
)
from gaussrep_gaussiancross.report.scene_report import SceneReport, unit_of
from gaussrep_gaussiancross.report.similarity import Point
from gaussrep_gaussiancross.scene_batch import SceneBatch

OF_POINTS = ("points", "colors", "normals", "labels", "instances", "scene")
OF_VIEWS = ("images", "depths", "viewmats", "Ks", "frames")

MOST_VIEWS = 5
"""Views of a scene that are shown."""


def one_scene(batch: Batch, number: int) -> Batch:
    """Take one scene out of a batch.

    Args:
        batch: Of a data set of scenes.
        number: Which scene.

    Returns:
        A batch of that scene alone, with at most `MOST_VIEWS` of its views.

    Raises:
        DataError: If the batch is of something else.
    """
    own = SceneBatch.of(batch).scene == number
    alone = {}
    for name, values in batch.items():
        if name in OF_POINTS:
            alone[name] = values[own]
        else:
            alone[name] = values[number : number + 1]
            if name in OF_VIEWS:
                alone[name] = alone[name][:, :MOST_VIEWS]
    return alone | {"scene": alone["scene"] - number}


def class_names(run: Path) -> tuple[str, ...]:
    """Ask a run's data set for the names of its classes.

    Args:
        run: A run's folder.

    Returns:
        The names; empty where the folder holds no run, or the data set has no classes.
    """
    folder = RunFolder(run)
    if not folder.exists():
        return ()
    dataset = build("datasets", folder.read_config().data, split="val")
    return dataset.classes if isinstance(dataset, LabeledScenes) else ()


PARTS: Lines = {
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
        threshold=method.config.opacity_threshold,
        unit=unit,
        scenes=scenes,
    )
    return publish(page, folder)
