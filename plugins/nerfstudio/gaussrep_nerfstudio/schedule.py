"""Learning rates, backgrounds and the strategy around nerfstudio's own optimizer steps."""

from collections.abc import Callable

import torch
from nerfstudio.engine.callbacks import TrainingCallback, TrainingCallbackLocation
from nerfstudio.engine.optimizers import Optimizers
from torch import Tensor

from gaussrep import build
from gaussrep.fitting import (
    BaseFitConfig,
    RngStream,
    SceneModel,
    StepInfo,
    generator,
    means_lr,
    pixel_gradients,
    set_lr,
)
from gaussrep_nerfstudio.views import View


class Schedule:
    """Sets learning rates, the degree of the harmonics and backgrounds, and runs the strategy.

    nerfstudio owns the optimizers and steps them; the strategy gets them after each step, so that
    their state follows the Gaussians.

    Args:
        config: Settings of the fit.
        steps: Optimizer steps in all.
        seed: Seed of random backgrounds and of the strategy.
        extent: Size of the scene in the units of the model.
        scene: The Gaussians.
        optimizers: nerfstudio's, one per tensor of the scene by its name.
    """

    def __init__(
        self,
        config: BaseFitConfig,
        extent: float,
        scene: SceneModel,
        optimizers: Optimizers,
        *,
        steps: int,
        seed: int,
    ) -> None:
        self.steps, self._config, self._seed = steps, config, seed
        self._extent, self._scene, self._optimizers = extent, scene, optimizers
        self.strategy = build("strategies", config.strategy, steps=steps, extent=extent)
        self._first = {
            name: group["optimizer"].lr
            for name, group in optimizers.config.items()
            if name in optimizers.optimizers
        }
        self.begin(0)

    @property
    def sh_degree(self) -> int:
        """Degree of the spherical harmonics at the present step."""
        return self._config.sh_degree_at(self._step, self.steps)

    @property
    def background(self) -> Tensor:
        """RGB behind the Gaussians at the present step."""
        return self._background

    def callbacks(self, view: Callable[[], View]) -> list[TrainingCallback]:
        """Build the functions that nerfstudio calls before and after each step.

        Args:
            view: Returns the view that the step rendered.

        Returns:
            Two callbacks.
        """

        def end(step: int) -> None:
            self.end(view())

        return [
            TrainingCallback([TrainingCallbackLocation.BEFORE_TRAIN_ITERATION], self.begin),
            TrainingCallback([TrainingCallbackLocation.AFTER_TRAIN_ITERATION], end),
        ]

    def begin(self, step: int) -> None:
        """Set learning rates, random numbers and background of a step.

        Args:
            step: Steps made before.
        """
        self._step = step
        device = self._scene.raw["means"].device
        self._rng = generator(self._seed, RngStream.STEP, step, device)
        self._background = torch.tensor(self._config.background, device=device)
        if self._config.random_background:
            self._background = torch.rand(3, generator=self._rng, device=device)
        progress = min(1.0, step / self.steps)
        rates = self._config.learning_rates.model_copy(update={"means": self._first["means"]})
        self._rate = means_lr(rates, self._extent, progress)
        set_lr(self._optimizers.optimizers["means"], self._rate)
        if "calibration" in self._first:
            decay = means_lr(rates, 1 / rates.means, progress)
            set_lr(self._optimizers.optimizers["calibration"], self._first["calibration"] * decay)

    def end(self, view: View) -> None:
        """Run the strategy.

        Steps count from 0 here, as nerfstudio's do when it measures and saves, so that round
        numbers show the scene before opacities are reset.

        Args:
            view: The rendered view, after the backward pass.
        """
        assert view.copies.means.grad is not None
        gradients = pixel_gradients(
            view.copies.means.detach(), view.copies.means.grad, view.cameras.detach()
        )
        info = StepInfo(self._step, self._rate, gradients, self._rng)
        scene, optimizers = self._scene, self._optimizers
        self.strategy.after_step(scene, optimizers.optimizers, info)
        for name, parameter in scene.raw.items():
            optimizers.parameters[name] = [parameter]
