"""Draw held-out views of a run of GaussianCross, and its points, Gaussians and features.

python docs/_tools/figures/gaussiancross.py RUN OUT.png [--scene NAME] [--views N] [KEY=VALUE]...
"""

import argparse
from pathlib import Path

import torch

from gaussrep.evaluation.inspection import report_samples
from gaussrep.report import Panel
from gaussrep.report.images import contact_sheet, save_png
from gaussrep.training.checkpoint import load_run
from gaussrep.training.run_folder import RunFolder
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.scene_report import SceneReport
from gaussrep_gaussiancross.report.write_report import select_scene

LEFT_OUT = ("error", "alpha")
"""First words of the titles of panels that the figure does not have."""


@torch.no_grad()
def panels(run: Path, scene: str | None, views: int, overrides: list[str]) -> list[list[Panel]]:
    """Collect a row per view, and one of the scene from outside."""
    method = load_run(run).eval()
    assert isinstance(method, GaussianCross)
    config = RunFolder.open(run).read_config(overrides)
    shown = report_samples(config.data, [scene] if scene else [])
    report = SceneReport.of(method, shown.names[0], select_scene(shown.batch, 0), (), shown.classes)
    rows = [
        [panel for panel in view.panels if not panel.title.startswith(LEFT_OUT)]
        for view in report.views[:views]
    ]
    return [*rows, report.exterior[0]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw held-out views of a run.")
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--scene", help="by default the first held-out one")
    parser.add_argument("--views", type=int, default=3)
    given = parser.parse_args()
    save_png(contact_sheet(panels(given.run, given.scene, given.views, given.overrides)), given.out)
