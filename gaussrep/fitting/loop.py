"""The loop that fits Gaussians to posed pictures."""

import shutil
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from gaussrep.atomic_files import write_json
from gaussrep.errors import RunError
from gaussrep.evaluation.device import resolve_device
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.config import FitConfig
from gaussrep.fitting.fitting import Fitting, Step
from gaussrep.fitting.losses import ImageMetrics, compute_image_metrics
from gaussrep.fitting.metrics_table import MetricsTable, Row
from gaussrep.fitting.progress import Bar, Display, Lines
from gaussrep.formats.by_suffix import save
from gaussrep.gaussians import Gaussians
from gaussrep.training.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class FitResult:
    """How a fit ended.

    Attributes:
        scene: File of the fitted Gaussians.
        steps: Optimizer steps made in all.
        gaussians: How many there are.
        fidelity: On the held-out views; None where there are none.
        seconds: How long the steps of this call took.
    """

    scene: Path
    steps: int
    gaussians: int
    fidelity: ImageMetrics | None
    seconds: float


def fit(
    capture: Capture,
    config: FitConfig,
    run: RunFolder,
    *,
    start: Gaussians | None = None,
    resume: bool = False,
    console: Console | None = None,
) -> FitResult:
    """Fit a scene, and keep it in a run folder.

    The folder gets `metrics.csv`, `checkpoints/`, `scene.ply` at each checkpoint, and
    `fidelity.json` where views are held out.

    Args:
        capture: Pictures and cameras.
        config: How to fit.
        run: Made by `RunFolder.create`.
        start: The first Gaussians; by default those that `config.init` describes.
        resume: Go on from the latest checkpoint, as if the fit had never been stopped.
        console: Where progress is shown; by default stderr.

    Returns:
        Where the scene is and how good it is.

    Raises:
        RunError: The loss is not finite, or there is nothing to go on with.
        GaussrepError: Anything else a user can cause.
    """
    fitting = Fitting(config, capture, resolve_device(config.device), start)
    if resume:
        fitting.restore(run.latest_checkpoint())
        if fitting.step >= config.steps:
            raise RunError(f"{run.path} is complete at step {fitting.step}; start a new fit.")
    console = console or Console(stderr=True)
    show = Bar if console.is_terminal else Lines
    began = time.perf_counter()
    with closing(show(console, fitting.step, config.steps)) as display:
        fidelity = _Loop(fitting, run, display).run()
    return FitResult(
        scene=run.scene_file,
        steps=fitting.step,
        gaussians=fitting.scene.count,
        fidelity=fidelity,
        seconds=time.perf_counter() - began,
    )


class _Loop:
    """Makes steps, and does what is due after each."""

    def __init__(self, fitting: Fitting, run: RunFolder, display: Display) -> None:
        self._fitting, self._run, self._display = fitting, run, display
        self._table = MetricsTable(run.metrics_file, fitting.step)
        self._logged_at, self._logged_step = time.perf_counter(), fitting.step
        self._fidelity: ImageMetrics | None = None

    def run(self) -> ImageMetrics | None:
        while self._fitting.step < self._fitting.config.steps:
            made = self._fitting.make_step()
            self._display.moved(self._fitting.step)
            self._measure(made)
            if self._due(self._fitting.config.checkpoint_every):
                self._save()
        return self._fidelity

    def _due(self, every: int) -> bool:
        step = self._fitting.step
        return step % every == 0 or step == self._fitting.config.steps

    def _measure(self, made: Step) -> None:
        config = self._fitting.config
        measures = self._fitting.held_out is not None and self._due(config.evaluate_every)
        if not (measures or self._due(config.log_every)):
            return
        row = self._row(made)
        if measures and (found := held_out_fidelity(self._fitting)) is not None:
            row |= {"val_psnr": found.psnr, "val_ssim": found.ssim}
            self._fidelity = found
        self._logged_at, self._logged_step = time.perf_counter(), self._fitting.step
        self._table.append(row)
        self._display.logged(row)

    def _row(self, made: Step) -> Row:
        fitting, objective = self._fitting, made.objective
        passed = time.perf_counter() - self._logged_at
        return {
            "step": fitting.step,
            "loss": made.loss.item(),
            **{name: term.item() for name, term in objective.terms.items()},
            "gaussians": fitting.scene.count,
            "sh_degree": fitting.sh_degree,
            "steps_per_second": (fitting.step - self._logged_step) / passed,
        }

    def _save(self) -> None:
        fitting, run = self._fitting, self._run
        fitting.save(run.checkpoint(fitting.step))
        for step, folder in run.checkpoints().items():
            if step != fitting.step:
                shutil.rmtree(folder)
        save(fitting.scene.gaussians().detach().replace(features=None), run.scene_file)
        if fitting.config.calibrate:
            write_json(fitting.calibration.facts(), run.path / "calibration.json")
        if self._fidelity is not None and fitting.step == fitting.config.steps:
            write_json(asdict(self._fidelity), run.path / "fidelity.json")


def held_out_fidelity(fitting: Fitting) -> ImageMetrics | None:
    """Measure a fit on its held-out views; None where there are none."""
    views = fitting.held_out
    if views is None:
        return None
    return compute_image_metrics(fitting.draw(views), views.over(fitting.background))
