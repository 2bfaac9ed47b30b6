"""What happens around nerfstudio's own optimizer steps."""

from collections.abc import Callable

import torch
from nerfstudio.engine.callbacks import TrainingCallback, TrainingCallbackLocation
from nerfstudio.engine.optimizers import Optimizers
from torch import Tensor

from gaussrep.fitting.config import FitConfig
from gaussrep.fitting.image_gradient import pixel_gradients
from gaussrep.fitting.make_strategy import make_strategy
from gaussrep.fitting.rates import means_rate, set_rate
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.fitting.strategy import StepMade
from gaussrep.fitting.view_order import Stream, generator
from gaussrep_nerfstudio.views import View


class Schedule:
    """Rates that decay, harmonics that come in one by one, and the strategy.

    nerfstudio owns the optimizers and steps them; the strategy is handed them after each step, so
    that Gaussians that come and go keep their state.

    Args:
        fit: Says over how many steps everything is laid out.
        extent: The scene's, in the units of the model.
        scene: The model.
        optimizers: nerfstudio's, one per tensor of the scene by its name.
    """

    def __init__(
        self, fit: FitConfig, extent: float, scene: SceneModel, optimizers: Optimizers
    ) -> None:
        self.fit, self._extent, self._scene, self._optimizers = fit, extent, scene, optimizers
        self.strategy = make_strategy(fit.strategy, steps=fit.steps, extent=extent)
        self._first = {
            name: group["optimizer"].lr
            for name, group in optimizers.config.items()
            if name in optimizers.optimizers
        }
        self.begin(0)

    @property
    def sh_degree(self) -> int:
        """Degree of the spherical harmonics at the present step."""
        return self.fit.sh_degree_at(self._step)

    @property
    def background(self) -> Tensor:
        """RGB behind the Gaussians at the present step."""
        return self._background

    def callbacks(self, view: Callable[[], View]) -> list[TrainingCallback]:
        """What nerfstudio calls before and after each of its steps.

        Args:
            view: Gives what the step drew.
        """

        def end(step: int) -> None:
            self.end(view())

        return [
            TrainingCallback([TrainingCallbackLocation.BEFORE_TRAIN_ITERATION], self.begin),
            TrainingCallback([TrainingCallbackLocation.AFTER_TRAIN_ITERATION], end),
        ]

    def begin(self, step: int) -> None:
        """Set what a step needs.

        Args:
            step: How many steps were made before.
        """
        self._step = step
        device = self._scene.raw["means"].device
        self._chance = generator(self.fit.seed, Stream.STEP, step, device)
        self._background = torch.tensor(self.fit.background, device=device)
        if self.fit.random_background:
            self._background = torch.rand(3, generator=self._chance, device=device)
        progress = min(1.0, step / self.fit.steps)
        rates = self.fit.rates.model_copy(update={"means": self._first["means"]})
        self._rate = means_rate(rates, self._extent, progress)
        set_rate(self._optimizers.optimizers["means"], self._rate)
        if "calibration" in self._first:
            decay = means_rate(rates, 1 / rates.means, progress)
            set_rate(self._optimizers.optimizers["calibration"], self._first["calibration"] * decay)

    def end(self, view: View) -> None:
        """Let the strategy act.

        Steps count from 0 here, as nerfstudio's do when it measures and saves, so that round
        numbers show the scene before opacities are reset.

        Args:
            view: What the step drew; gradients have flowed.
        """
        assert view.copies.means.grad is not None
        gradients = pixel_gradients(
            view.copies.means.detach(), view.copies.means.grad, view.cameras.detach()
        )
        made = StepMade(self._step, self._rate, gradients, self._chance)
        scene, optimizers = self._scene, self._optimizers
        self.strategy.after_step(scene, optimizers.optimizers, made)
        for name, parameter in scene.raw.items():
            optimizers.parameters[name] = [parameter]
