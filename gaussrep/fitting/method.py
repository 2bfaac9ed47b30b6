"""SceneFit: the Gaussians of one scene as a method, and densification as a callback."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.atomic_files import write_json
from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.errors import DataError, PluginError
from gaussrep.fitting.calibration import Calibration
from gaussrep.fitting.config import SceneFitConfig
from gaussrep.fitting.dataset import CaptureDataset, images_of
from gaussrep.fitting.image_gradient import one_each, per_view, pixel_gradients
from gaussrep.fitting.initialization import init_gaussians, scene_extent
from gaussrep.fitting.losses import ImageMetrics, compute_fit_loss, compute_image_metrics
from gaussrep.fitting.rng import RngStream, generator
from gaussrep.fitting.scene_model import (
    SceneModel,
    make_optimizers,
    means_decay,
    placeholder_gaussians,
)
from gaussrep.fitting.strategy import StepInfo, Strategy
from gaussrep.formats.by_suffix import save
from gaussrep.gaussians import Gaussians
from gaussrep.losses.loss import Loss
from gaussrep.methods.method import Batch, Method, ScheduledOptimizer, StepOutput
from gaussrep.rendering import Rendering, render
from gaussrep.training.callback import Callback, Row
from gaussrep.training.train_state import TrainState

SCENE, METRICS, CALIBRATION = "scene.ply", "metrics.json", "calibration.json"
"""Files that a fit writes to its run folder."""


class SceneFit(Method):
    """Optimize the Gaussians of one scene to posed images (Kerbl et al. 2023).

    Random numbers of a step are a pure function of the seed and the step, so that a resumed fit
    ends with the same numbers as one that was never stopped.

    Args:
        config: Settings.

    Attributes:
        scene: The Gaussians.
        calibration: The correction that all cameras share; not trained unless `config.calibrate`.
        background: RGB behind the scene in validation and, unless it is random, in training.
        sh_degree: Degree of the spherical harmonics at the present step; None uses all.
        strategy: The densification strategy; None before training.
        step_generator: Source of the present step's random numbers, on the method's device.
    """

    config: SceneFitConfig
    background: Tensor
    step_generator: torch.Generator
    progress_metrics: ClassVar[tuple[str, ...]] = ("gaussians", "val_psnr")

    def __init__(self, config: SceneFitConfig) -> None:
        super().__init__(config)
        self.scene = SceneModel(placeholder_gaussians(), config.sh_degree)
        self.calibration = Calibration(1.0).requires_grad_(config.calibrate)
        self.register_buffer("background", torch.tensor(config.background), persistent=False)
        self.sh_degree: int | None = None
        self.strategy: Strategy | None = None
        self._loss: Loss = build("losses", config.loss)
        self._passes: list[tuple[Gaussians, Cameras]] = []

    @property
    def extent(self) -> float:
        """Size of the scene in scene units."""
        return self.calibration.extent.item()

    def setup(self, dataset: Any) -> None:
        """Place the first Gaussians.

        Args:
            dataset: The fitted views, a `CaptureDataset`.

        Raises:
            DataError: The data set is another one, or has no points where they are required.
        """
        if not isinstance(dataset, CaptureDataset):
            raise DataError(
                f"the method fit needs the data set capture, got a {type(dataset).__name__}"
            )
        extent = scene_extent(dataset.capture.train.cameras)
        self.calibration = Calibration(extent).requires_grad_(self.config.calibrate)
        rng = generator(self.config.seed, RngStream.INIT)
        self.set_gaussians(init_gaussians(dataset.capture, self.config.init, rng))

    def set_gaussians(self, gaussians: Gaussians) -> None:
        """Replace the Gaussians; only before the optimizers are built.

        Args:
            gaussians: The first Gaussians, [N].
        """
        self.scene = SceneModel(gaussians, self.config.sh_degree)

    def configure_optimizers(self) -> Mapping[str, ScheduledOptimizer]:
        """Build one Adam per tensor of the scene, and one for the calibration.

        Returns:
            Optimizers by the names of the tensors.
        """
        rates = self.config.learning_rates

        def decay(step: int, steps: int) -> float:
            return means_decay(rates, step / steps)

        made = make_optimizers(self.scene, rates, self.extent)
        found = {
            name: ScheduledOptimizer(
                optimizer, optimizer.param_groups[0]["lr"], decay if name == "means" else None
            )
            for name, optimizer in made.items()
        }
        if self.config.calibrate:
            optimizer = torch.optim.Adam(self.calibration.parameters(), fused=True)
            found["calibration"] = ScheduledOptimizer(optimizer, rates.calibration, decay)
        return found

    def configure_callbacks(self) -> Sequence[Callback]:
        """Build the callback that runs the strategy.

        Returns:
            One callback.
        """
        return [Densification(self)]

    def on_step_start(self, step: int, steps: int) -> None:
        """Set degree, random numbers and background of a step.

        Args:
            step: The step about to be made, from 0.
            steps: Number of steps in all.
        """
        device = self.background.device
        self.sh_degree = self.config.sh_degree_at(step, steps)
        self.step_generator = generator(self.config.seed, RngStream.STEP, step, device)
        self._step_background = self.background
        if self.config.random_background:
            self._step_background = torch.rand(3, generator=self.step_generator, device=device)
        self._passes = []

    def training_loss(self, batch: Batch) -> StepOutput:
        """Render the views of a batch and compare them with the images.

        Args:
            batch: Of a `CaptureDataset`.

        Returns:
            The loss, the strategy's penalty included, and its terms.
        """
        images = images_of(batch)
        cameras = self._corrected(images.cameras)
        gaussians = self.scene.gaussians(self.sh_degree)
        copies = per_view(gaussians, images.count)
        background = self._step_background
        rendered = render(copies, one_each(cameras), self.config.renderer, background)
        found = self._compare(_first_view(rendered), batch, background)
        loss = found.loss
        if self.strategy is not None:
            loss = loss + self.strategy.penalty(gaussians)
        self._passes.append((copies, cameras.detach()))
        return StepOutput(loss, found.metrics)

    @torch.no_grad()
    def validation_loss(self, batch: Batch) -> StepOutput:
        """Measure the scene on the held-out views of a batch, over the fixed background.

        Args:
            batch: Of a `CaptureDataset`.

        Returns:
            The image loss, `psnr` in dB and `ssim`, means over the views.
        """
        rendered = self.render(images_of(batch).cameras)
        loss = self._compare(rendered, batch, self.background).loss
        target = images_of(batch).over(self.background)
        metrics = asdict(compute_image_metrics(rendered.color, target))
        return StepOutput(loss, {name: torch.tensor(value) for name, value in metrics.items()})

    def render(self, cameras: Cameras) -> Rendering:
        """Render the scene over the fixed background.

        Args:
            cameras: Views [V] of the capture, before the calibration.

        Returns:
            The views, [V].
        """
        scene = self.scene.gaussians(self.sh_degree)
        return render(scene, self._corrected(cameras), self.config.renderer, self.background)

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
        return one_each(self._corrected(images_of(batch).cameras))

    def export(self, folder: Path) -> None:
        """Write `scene.ply` and, where it is learned, `calibration.json`.

        Args:
            folder: The run folder.
        """
        save(self.scene.gaussians().detach().replace(features=None), folder / SCENE)
        if self.config.calibrate:
            write_json(self.calibration.facts(), folder / CALIBRATION)

    def pixel_gradients(self) -> Float[Tensor, "v n 2"]:
        """Compute the gradients with respect to the projected centers of the step just made.

        Returns:
            One row per view and backward pass, see `gaussrep.fitting.image_gradient`.
        """
        gradients = []
        for copies, cameras in self._passes:
            assert copies.means.grad is not None
            gradients.append(pixel_gradients(copies.means.detach(), copies.means.grad, cameras))
        return torch.cat(gradients)

    def _compare(
        self, rendered: Rendering, batch: Batch, background: Float[Tensor, " 3"]
    ) -> StepOutput:
        found = compute_fit_loss(
            rendered,
            images_of(batch),
            background,
            self._loss,
            depth_weight=self.config.depth_weight,
            extent=self.extent,
        )
        return StepOutput(found.total, dict(found.terms))

    def _corrected(self, cameras: Cameras) -> Cameras:
        return self.calibration(cameras) if self.config.calibrate else cameras


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
        config = self._method.config
        strategy = build(
            "strategies", config.strategy, steps=state.steps, extent=self._method.extent
        )
        if not isinstance(strategy, Strategy):
            raise PluginError(
                f"the strategy {config.strategy.type!r} is a {type(strategy).__name__}, not a "
                "gaussrep.fitting.Strategy"
            )
        strategy.state = self._saved
        self._method.strategy = strategy

    def on_update(self, state: TrainState) -> None:
        """Let the strategy change the scene, and raise the degree of the harmonics."""
        method = self._method
        assert method.strategy is not None
        optimizers = {
            name: each.optimizer
            for name, each in state.optimizers.items()
            if name in method.scene.raw
        }
        info = StepInfo(
            step=state.step,
            means_lr=optimizers["means"].param_groups[0]["lr"],
            pixel_gradients=method.pixel_gradients(),
            generator=method.step_generator,
        )
        method.strategy.after_step(method.scene, optimizers, info)
        method.sh_degree = method.config.sh_degree_at(state.step, state.steps)

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
        return {} if self._method.strategy is None else dict(self._method.strategy.state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Keep the state until the strategy is built."""
        self._saved = state


def _first_view(rendered: Rendering) -> Rendering:
    """Reshape images [V, 1] to [V]."""
    return Rendering(rendered.color[:, 0], rendered.alpha[:, 0], rendered.depth[:, 0])
