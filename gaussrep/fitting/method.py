"""SceneFit: the Gaussians of one scene as a method, and densification as a callback."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import DataError
from gaussrep.fitting.config import SceneFitConfig
from gaussrep.fitting.dataset import CaptureDataset, images_of
from gaussrep.fitting.fitter import SceneFitter
from gaussrep.fitting.image_gradient import one_each, per_view
from gaussrep.fitting.initialization import load_gaussians
from gaussrep.fitting.losses import ImageMetrics, compute_image_metrics
from gaussrep.fitting.scene_model import make_optimizers
from gaussrep.fitting.strategy import Strategy
from gaussrep.fitting.view_corrections import half_cosine
from gaussrep.formats.by_suffix import save
from gaussrep.gaussians import Gaussians
from gaussrep.kernels.thread_count import keep_torch_on_one_thread
from gaussrep.methods.method import Batch, Method, ScheduledOptimizer, StepOutput
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.callback import Callback, Row
from gaussrep.training.optimization import fused_adam
from gaussrep.training.train_state import TrainState

SCENE, METRICS, CALIBRATION = "scene.ply", "metrics.json", "calibration.json"
"""Files that a fit writes to its run folder."""
SMALL = 20_000
"""Gaussians of a scene up to which torch computes on one thread of a CPU; a design choice."""


class SceneFit(Method):
    """Optimize the Gaussians of one scene to posed images (Kerbl et al. 2023).

    Random numbers of a step are a pure function of the seed and the step, so a resumed fit ends
    with the same numbers as an uninterrupted one.

    Args:
        config: Settings.

    Attributes:
        fitter: The steps of the fit.
        scene: The Gaussians, the fitter's.
        calibration: The correction that all cameras share, the fitter's.
        exposure: Exposures of the fitted views, the fitter's; None if they are not learned.
        poses: Corrections of their poses, the fitter's; None if they are not learned.
    """

    config: SceneFitConfig
    progress_metrics: ClassVar[tuple[str, ...]] = ("gaussians", "val_psnr")
    replaces_parameters: ClassVar[bool] = True

    def __init__(self, config: SceneFitConfig) -> None:
        super().__init__(config)
        self._use(SceneFitter(config, config.seed))

    @property
    def extent(self) -> float:
        """Size of the scene in scene units."""
        return self.fitter.extent

    def setup(self, dataset: Any) -> None:
        """Place the first Gaussians, except those of a file.

        Args:
            dataset: The fitted views, a `CaptureDataset`.

        Raises:
            DataError: The data set is another one, or has no points if they are required.
        """
        if not isinstance(dataset, CaptureDataset):
            raise DataError(
                f"the method fit needs the data set capture, got a {type(dataset).__name__}"
            )
        capture = dataset.capture
        fitter = SceneFitter(self.config, self.config.seed, capture.train.cameras)
        if self.config.init.path is None:
            fitter.init(capture)
        self._use(fitter)

    def load_pretrained(self) -> None:
        """Place the Gaussians of a file, if the settings name one; a resumed run needs none.

        Raises:
            FormatError: The file is missing or damaged, or no format reads it.
            DataError: No Gaussian of it is opaque enough.
        """
        if (path := self.config.init.path) is not None:
            self.set_gaussians(load_gaussians(path, self.config.init.min_opacity))

    def set_gaussians(self, gaussians: Gaussians) -> None:
        """Replace the Gaussians; only before the optimizers are built.

        Args:
            gaussians: The first Gaussians, [N].
        """
        self.fitter.set_gaussians(gaussians)
        self._use(self.fitter)

    def configure_optimizers(self) -> Mapping[str, ScheduledOptimizer]:
        """Build one Adam per tensor of the scene, and one per correction of cameras and views.

        Returns:
            Optimizers by the names of the tensors.
        """
        rates = self.config.learning_rates

        def decay(step: int, steps: int) -> float:
            return rates.decay(step / steps)

        made = make_optimizers(self.scene, rates, self.extent)
        found = {
            name: ScheduledOptimizer(
                optimizer, optimizer.param_groups[0]["lr"], decay if name == "means" else None
            )
            for name, optimizer in made.items()
        }
        corrections = {
            "calibration": (self.calibration, rates.calibration, decay),
            "exposure": (self.exposure, rates.exposure, half_cosine),
            "poses": (self.poses, rates.poses, decay),
        }
        for name, (module, rate, schedule) in corrections.items():
            trained = [] if module is None else [p for p in module.parameters() if p.requires_grad]
            if trained:
                optimizer = fused_adam()(trained, fused=True)
                found[name] = ScheduledOptimizer(optimizer, rate, schedule)
        return found

    def configure_callbacks(self) -> Sequence[Callback]:
        """Build the callbacks that run the strategy, and keep torch on one thread.

        Returns:
            Two callbacks.
        """
        return [Densification(self), OneThread(self)]

    def on_step_start(self, step: int, steps: int) -> None:
        """Set degree, random numbers and background of a step.

        Args:
            step: The step about to be made, from 0.
            steps: Total number of steps.
        """
        self.fitter.begin_step(step, steps)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Render the views of a batch and compare them with the images.

        Args:
            batch: Of a `CaptureDataset`.

        Returns:
            The loss, the strategy's penalty included, and its terms.
        """
        images, strategy = images_of(batch), self.fitter.strategy
        views = self.fitter.render_step(images.cameras, batch["index"])
        found = self.fitter.compute_loss(views, images)
        loss = found.total
        if (penalty := self.fitter.exposure_penalty()) is not None:
            loss = loss + penalty
        if strategy is not None and type(strategy).penalty is not Strategy.penalty:
            loss = loss + strategy.penalty(views.gaussians)
        return StepOutput(loss, dict(found.terms))

    @torch.no_grad()
    def validation_loss(self, batch: Batch) -> StepOutput:
        """Measure the scene on the held-out views of a batch, over the fixed background.

        Args:
            batch: Of a `CaptureDataset`.

        Returns:
            The image loss, `psnr` in dB and `ssim`, means over the views.
        """
        images = images_of(batch)
        views = self.fitter.render(images.cameras)
        loss = self.fitter.compute_loss(views, images).total
        target = images.over(views.background)
        metrics = asdict(compute_image_metrics(views.rendering.color, target, images.masks))
        return StepOutput(loss, {name: torch.tensor(value) for name, value in metrics.items()})

    def gaussians(self, batch: Batch) -> Gaussians:
        """Return the scene once for each view of a batch.

        Args:
            batch: Of a `CaptureDataset`.

        Returns:
            [B, N].
        """
        return per_view(self.scene.gaussians(), len(batch["index"]))

    def cameras(self, batch: Batch) -> Cameras:
        """Return the corrected camera of each view of a batch.

        Args:
            batch: Of a `CaptureDataset`.

        Returns:
            [B, 1].
        """
        return one_each(self.fitter.correct(images_of(batch).cameras))

    def export(self, folder: Path) -> None:
        """Write `scene.ply` and, if it is learned, `calibration.json`.

        Args:
            folder: The run folder.
        """
        save(self.scene.gaussians().detach().replace(features=None), folder / SCENE)
        if self.fitter.calibrates:
            write_json(self.calibration.facts(), folder / CALIBRATION)

    def _use(self, fitter: SceneFitter) -> None:
        """Keep the modules of a fitter, which checkpoints hold."""
        self.fitter = fitter
        self.scene, self.calibration, self._loss = fitter.scene, fitter.calibration, fitter.loss
        self.exposure, self.poses = fitter.exposure, fitter.poses


class Densification(Callback):
    """Runs the strategy after each step, and records the number of Gaussians and the metrics.

    Args:
        method: The fit.
    """

    def __init__(self, method: SceneFit) -> None:
        self._method = method
        self._saved: dict[str, Tensor] = {}

    def on_start(self, state: TrainState) -> None:
        """Build the strategy for the length of the run."""
        self._method.fitter.start(state.steps, self._saved)

    def on_update(self, state: TrainState) -> None:
        """Let the strategy change the scene, and raise the degree of the harmonics."""
        fitter = self._method.fitter
        optimizers = {name: each.optimizer for name, each in state.optimizers.items()}
        gather = None if state.engine.world_size == 1 else state.engine.gather_rows
        fitter.end_step(state.step, optimizers, gather)
        fitter.sh_degree = fitter.config.sh_degree_at(state.step, state.steps)

    def annotate(self, state: TrainState) -> Row:
        """Return the number of Gaussians and the degree of the harmonics."""
        degree = self._method.config.sh_degree_at(state.step, state.steps)
        return {"gaussians": self._method.scene.count, "sh_degree": degree}

    def on_step(self, state: TrainState, row: Row) -> None:
        """Write `metrics.json` after the last step."""
        if state.step == state.steps and "val_psnr" in row and state.engine.is_main:
            found = ImageMetrics(row["val_psnr"], row["val_ssim"])
            write_json(asdict(found), state.run.path / METRICS)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the strategy."""
        strategy = self._method.fitter.strategy
        return {} if strategy is None else dict(strategy.state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Keep the state until the strategy is built."""
        self._saved = state


class OneThread(Callback):
    """Keep torch on one thread of a CPU while a scene is small; kernels use all.

    Args:
        method: The fit.
    """

    def __init__(self, method: SceneFit) -> None:
        self._method = method

    def on_start(self, state: TrainState) -> None:
        """Look at the number of Gaussians."""
        small = self._method.scene.count <= SMALL
        keep_torch_on_one_thread(small and state.engine.device.type == "cpu")

    def on_update(self, state: TrainState) -> None:
        """Look at the number of Gaussians again, which the strategy may have changed."""
        self.on_start(state)

    def on_end(self, state: TrainState) -> None:
        """Give torch its threads again."""
        del state
        keep_torch_on_one_thread(False)
