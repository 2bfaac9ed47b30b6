"""Learning rates, backgrounds and the strategy around nerfstudio's own optimizer steps."""

from nerfstudio.engine.callbacks import TrainingCallback, TrainingCallbackLocation
from nerfstudio.engine.optimizers import Optimizers
from torch import Tensor

from gaussrep.fitting import SceneFitter


class Schedule:
    """Sets learning rates, and runs the steps of a fit.

    nerfstudio owns the optimizers and steps them; the strategy gets them after each step, so that
    their state follows the Gaussians.

    Args:
        fitter: The steps of the fit.
        optimizers: nerfstudio's, one per tensor of the scene by its name.
        steps: Total number of optimizer steps.
        state: State of the strategy in a checkpoint.
    """

    def __init__(
        self, fitter: SceneFitter, optimizers: Optimizers, *, steps: int, state: dict[str, Tensor]
    ) -> None:
        self.steps, self._fitter, self._optimizers = steps, fitter, optimizers
        self._first = {
            name: group["optimizer"].lr
            for name, group in optimizers.config.items()
            if name in optimizers.optimizers
        }
        fitter.start(steps, state)
        self.begin(0)

    def callbacks(self) -> list[TrainingCallback]:
        """Build the functions that nerfstudio calls before and after each step.

        Returns:
            Two callbacks.
        """
        return [
            TrainingCallback([TrainingCallbackLocation.BEFORE_TRAIN_ITERATION], self.begin),
            TrainingCallback([TrainingCallbackLocation.AFTER_TRAIN_ITERATION], self.end),
        ]

    def begin(self, step: int) -> None:
        """Set learning rates, random numbers and background of a step.

        Args:
            step: Steps made before.
        """
        self._fitter.begin_step(step, self.steps)
        rates = self._fitter.config.learning_rates
        rates = rates.model_copy(update={"means": self._first["means"]})
        decay = rates.decay(min(1.0, step / self.steps))
        self._set_lr("means", self._fitter.extent * rates.means * decay)
        if "calibration" in self._first:
            self._set_lr("calibration", self._first["calibration"] * decay)

    def end(self, step: int) -> None:
        """Run the strategy.

        Steps count from 0 here, as nerfstudio's do when it measures and saves, so that round
        numbers show the scene before opacities are reset.

        Args:
            step: Steps made before this one.
        """
        self._fitter.end_step(step, self._optimizers.optimizers)
        for name, parameter in self._fitter.scene.raw.items():
            self._optimizers.parameters[name] = [parameter]

    def _set_lr(self, name: str, lr: float) -> None:
        self._optimizers.optimizers[name].param_groups[0]["lr"] = lr
