"""Fitting: a scene that is being fitted, and how it is saved and restored."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.checks import defer_finite_checks
from gaussrep.errors import RunError
from gaussrep.fitting.calibration import Calibration
from gaussrep.fitting.capture import Capture, PosedPictures
from gaussrep.fitting.config import FitConfig
from gaussrep.fitting.extent import extent_of
from gaussrep.fitting.image_gradient import one_each, per_view, pixel_gradients
from gaussrep.fitting.make_strategy import make_strategy
from gaussrep.fitting.objective import Objective, measure_objective
from gaussrep.fitting.rates import make_optimizers, means_rate, set_rate
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.fitting.start import first_gaussians
from gaussrep.fitting.strategy import StepMade
from gaussrep.fitting.view_order import Stream, generator, views_of_step
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.api import render
from gaussrep.rendering.renderer import Rendering
from gaussrep.training.checkpoint import read_checkpoint, write_checkpoint


@dataclass(frozen=True, eq=False)
class Step:
    """What one step computed.

    Args:
        loss: What was minimized, penalties included.
        objective: The loss between the pictures, and its parts.
    """

    loss: Float[Tensor, ""]
    objective: Objective


class Fitting:
    """A scene, its optimizers and its strategy, and how far they have come.

    What is random in a step is a pure function of the seed and the step, so that a restored fit
    goes on as one that was never stopped.

    Args:
        config: How to fit.
        capture: What to.
        device: Where to.
        start: The first Gaussians; by default those that `config.start` describes.

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
        self.extent = extent_of(capture.train.cameras)
        if start is None:
            chance = generator(config.seed, Stream.START)
            start = first_gaussians(capture, config.start, chance)
        self.scene = SceneModel(start.to(device), config.sh_degree)
        self.optimizers = make_optimizers(self.scene, config.rates, self.extent)
        self.calibration = Calibration(self.extent).to(device).requires_grad_(config.calibrate)
        self._tuning = torch.optim.Adam(self.calibration.parameters(), fused=True)
        self.strategy = make_strategy(config.strategy, steps=config.steps, extent=self.extent)
        self.background = torch.tensor(config.background, device=device)
        self.step = 0

    @property
    def sh_degree(self) -> int:
        """Degree of the spherical harmonics at the present step."""
        return self.config.sh_degree_at(self.step)

    def make_step(self) -> Step:
        """Draw the step's views, follow the gradient, and let the strategy act.

        Raises:
            RunError: The loss is not finite.
        """
        config, count = self.config, self.train.count
        chosen = views_of_step(self.step, batch=config.batch, count=count, seed=config.seed)
        views = self.train[chosen]
        cameras = self._corrected(views.cameras)
        chance = generator(config.seed, Stream.STEP, self.step, self.background.device)
        background = self._background(chance)
        gaussians = self.scene.gaussians(self.sh_degree)
        copies = per_view(gaussians, views.count)
        with defer_finite_checks():
            drawn = render(copies, one_each(cameras), config.renderer, background)
            objective = measure_objective(
                _first_view(drawn), views, background, config.loss, self.extent
            )
            loss = objective.total + self.strategy.penalty(gaussians)
        self._require_finite(loss)
        loss.backward()
        self._follow(copies, cameras, chance)
        return Step(loss.detach(), objective)

    def draw(self, pictures: PosedPictures) -> Float[Tensor, "v h w 3"]:
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
            "tuning": self._tuning.state_dict(),
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
        self._tuning.load_state_dict(tensors["tuning"])
        self.step = state["step"]

    def _follow(self, copies: Gaussians, cameras: Cameras, chance: torch.Generator) -> None:
        rates, progress = self.config.rates, self.step / self.config.steps
        rate = means_rate(rates, self.extent, progress)
        set_rate(self.optimizers["means"], rate)
        set_rate(self._tuning, rates.calibration * means_rate(rates, 1 / rates.means, progress))
        for optimizer in (*self.optimizers.values(), self._tuning):
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        assert copies.means.grad is not None
        gradients = pixel_gradients(copies.means.detach(), copies.means.grad, cameras.detach())
        self.strategy.after_step(
            self.scene, self.optimizers, StepMade(self.step, rate, gradients, chance)
        )

    def _corrected(self, cameras: Cameras) -> Cameras:
        return self.calibration(cameras) if self.config.calibrate else cameras

    def _background(self, chance: torch.Generator) -> Float[Tensor, " 3"]:
        if not self.config.random_background:
            return self.background
        return torch.rand(3, generator=chance, device=self.background.device)

    def _require_finite(self, loss: Tensor) -> None:
        if not math.isfinite(value := loss.item()):
            raise RunError(
                f"the loss became {value} at step {self.step + 1}; the last checkpoint is kept; "
                "start a new fit with lower rates"
            )


def _first_view(drawn: Rendering) -> Rendering:
    """Turn [V, 1] pictures into [V]."""
    return Rendering(drawn.color[:, 0], drawn.alpha[:, 0], drawn.depth[:, 0])
