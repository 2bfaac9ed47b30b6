"""Fitting: a scene that is being fitted, and how it is saved and restored."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.checks import defer_finite_checks
from gaussrep.errors import RunError
from gaussrep.fitting.calibration import Calibration
from gaussrep.fitting.capture import Capture, PosedImages
from gaussrep.fitting.config import FitConfig
from gaussrep.fitting.image_gradient import one_each, per_view, pixel_gradients
from gaussrep.fitting.initialization import init_gaussians, scene_extent
from gaussrep.fitting.losses import FitLoss, compute_fit_loss
from gaussrep.fitting.rng import RngStream, generator, views_of_step
from gaussrep.fitting.scene_model import SceneModel, make_optimizers, means_lr, set_lr
from gaussrep.fitting.strategy import StepInfo
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.api import render
from gaussrep.rendering.renderer import Rendering
from gaussrep.training.checkpoint import read_checkpoint, write_checkpoint


@dataclass(frozen=True, eq=False)
class Step:
    """What one step computed.

    Args:
        loss: What was minimized, penalties included.
        objective: The loss between the images, and its terms.
    """

    loss: Float[Tensor, ""]
    objective: FitLoss


class Fitting:
    """A scene, its optimizers and its strategy, and how far they have come.

    What is random in a step is a pure function of the seed and the step, so that a restored fit
    goes on as one that was never stopped.

    Args:
        config: How to fit.
        capture: What to.
        device: Where to.
        start: The first Gaussians; by default those that `config.init` describes.

    Attributes:
        scene: The model.
        step: Optimizer steps made so far.
    """

    def __init__(
        self,
        config: FitConfig,
        capture: Capture,
        device: torch.device,
        start: Gaussians | None = None,
    ) -> None:
        self.config = config
        self.train = capture.train.to(device)
        self.held_out = None if capture.held_out is None else capture.held_out.to(device)
        self.extent = scene_extent(capture.train.cameras)
        if start is None:
            rng = generator(config.seed, RngStream.INIT)
            start = init_gaussians(capture, config.init, rng)
        self.scene = SceneModel(start.to(device), config.sh_degree)
        self.optimizers = make_optimizers(self.scene, config.learning_rates, self.extent)
        self.calibration = Calibration(self.extent).to(device).requires_grad_(config.calibrate)
        self._calibration_optimizer = torch.optim.Adam(self.calibration.parameters(), fused=True)
        self.strategy = build("strategies", config.strategy, steps=config.steps, extent=self.extent)
        self._loss = build("losses", config.loss)
        self.background = torch.tensor(config.background, device=device)
        self.step = 0

    @property
    def sh_degree(self) -> int:
        """Degree of the spherical harmonics at the present step."""
        return self.config.sh_degree_at(self.step, self.config.steps)

    def make_step(self) -> Step:
        """Draw the step's views, follow the gradient, and let the strategy act.

        Raises:
            RunError: The loss is not finite.
        """
        config, count = self.config, self.train.count
        chosen = views_of_step(
            self.step, batch_size=config.batch_size, count=count, seed=config.seed
        )
        views = self.train[chosen]
        cameras = self._corrected(views.cameras)
        rng = generator(config.seed, RngStream.STEP, self.step, self.background.device)
        background = self._background(rng)
        gaussians = self.scene.gaussians(self.sh_degree)
        copies = per_view(gaussians, views.count)
        with defer_finite_checks():
            drawn = render(copies, one_each(cameras), config.renderer, background)
            objective = compute_fit_loss(
                _first_view(drawn),
                views,
                background,
                self._loss,
                depth_weight=config.depth_weight,
                extent=self.extent,
            )
            loss = objective.total + self.strategy.penalty(gaussians)
        self._require_finite(loss)
        loss.backward()
        self._optimizer_step(copies, cameras, rng)
        return Step(loss.detach(), objective)

    def draw(self, pictures: PosedImages) -> Float[Tensor, "v h w 3"]:
        """Draw the scene as some cameras see it, over the fixed background.

        Args:
            pictures: On the fit's device; only their cameras are looked at.
        """
        with torch.no_grad():
            scene = self.scene.gaussians(self.sh_degree)
            cameras = self._corrected(pictures.cameras)
            return render(scene, cameras, self.config.renderer, self.background).color

    def save(self, folder: Path) -> None:
        """Write a checkpoint, whole or not at all.

        Args:
            folder: The checkpoint's own.
        """
        tensors = {
            "optimizers": {name: each.state_dict() for name, each in self.optimizers.items()},
            "strategy": self.strategy.state,
            "calibration": self.calibration.state_dict(),
            "tuning": self._calibration_optimizer.state_dict(),
        }
        state = {"step": self.step, "gaussians": self.scene.count}
        write_checkpoint(folder, self.scene, tensors, state)

    def restore(self, folder: Path) -> None:
        """Go back to where `save` was called.

        Args:
            folder: The checkpoint's.

        Raises:
            RunError: The checkpoint is damaged, or of another kind of scene.
        """
        tensors, state = read_checkpoint(folder, self.scene)
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(tensors["optimizers"][name])
        self.strategy.state = tensors["strategy"]
        self.calibration.load_state_dict(tensors["calibration"])
        self._calibration_optimizer.load_state_dict(tensors["tuning"])
        self.step = state["step"]

    def _optimizer_step(self, copies: Gaussians, cameras: Cameras, rng: torch.Generator) -> None:
        rates, progress = self.config.learning_rates, self.step / self.config.steps
        rate = means_lr(rates, self.extent, progress)
        set_lr(self.optimizers["means"], rate)
        set_lr(
            self._calibration_optimizer,
            rates.calibration * means_lr(rates, 1 / rates.means, progress),
        )
        for optimizer in (*self.optimizers.values(), self._calibration_optimizer):
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        assert copies.means.grad is not None
        gradients = pixel_gradients(copies.means.detach(), copies.means.grad, cameras.detach())
        self.strategy.after_step(
            self.scene, self.optimizers, StepInfo(self.step, rate, gradients, rng)
        )

    def _corrected(self, cameras: Cameras) -> Cameras:
        return self.calibration(cameras) if self.config.calibrate else cameras

    def _background(self, rng: torch.Generator) -> Float[Tensor, " 3"]:
        if not self.config.random_background:
            return self.background
        return torch.rand(3, generator=rng, device=self.background.device)

    def _require_finite(self, loss: Tensor) -> None:
        if not math.isfinite(value := loss.item()):
            raise RunError(
                f"the loss became {value} at step {self.step + 1}; the last checkpoint is kept; "
                "start a new fit with lower rates"
            )


def _first_view(drawn: Rendering) -> Rendering:
    """Turn [V, 1] pictures into [V]."""
    return Rendering(drawn.color[:, 0], drawn.alpha[:, 0], drawn.depth[:, 0])
