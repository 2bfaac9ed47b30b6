"""The callback that evaluates a method while it trains."""

from collections.abc import Mapping

from gaussrep import plugins
from gaussrep.config import ComponentConfig
from gaussrep.errors import ConfigError
from gaussrep.evaluation.config import EvaluationConfig, OnlineEvaluationsConfig, SampledConfig
from gaussrep.evaluation.resolve import resolve_evaluation_config
from gaussrep.evaluation.running import run_evaluation
from gaussrep.training.callback import Callback, Row
from gaussrep.training.train_state import TrainState

SANITY_SAMPLES = 8
"""Samples of each split that an evaluation is tried on before the first step."""


class OnlineEvaluations(Callback):
    """Evaluates the method every n steps and after the last one, in the main process.

    The other processes wait. Random states and the method's mode stay as they were, so measuring
    does not change training. Before the first step of a new run each evaluation is tried on a few
    samples, so that one that cannot work fails then.

    Args:
        config: The evaluations, the run's data set, and the interval.

    Raises:
        ConfigError: An evaluation's settings are wrong, or it cannot run inside another run.
        PluginError: An evaluation is unavailable or broken.
    """

    def __init__(self, config: OnlineEvaluationsConfig) -> None:
        self._every = config.every
        self.evaluations: Mapping[str, EvaluationConfig] = {
            name: _resolve(name, settings, config.data)
            for name, settings in config.evaluations.items()
        }

    def on_start(self, state: TrainState) -> None:
        """Try the evaluations on a few samples, if the run is new."""
        if state.step == 0:
            sample = {
                name: config.model_copy(update={"limit": SANITY_SAMPLES})
                for name, config in self.evaluations.items()
                if isinstance(config, SampledConfig)
            }
            state.engine.on_main(lambda: _scores(sample, state))

    def measure(self, state: TrainState) -> Row:
        """Compute `<name>/<column>` of each evaluation's own row, if it is due."""
        if state.step % self._every and state.step != state.steps:
            return {}
        return state.engine.on_main(lambda: _scores(self.evaluations, state))


def _resolve(key: str, settings: ComponentConfig, data: ComponentConfig) -> EvaluationConfig:
    name = settings.type
    if not plugins.find("evaluations", name).load().online:
        raise ConfigError(
            f"evaluations.{key} is {name!r}, which trains on its own and cannot run inside "
            f"another run; measure it afterwards: gaussrep evaluate {name} RUN"
        )
    return resolve_evaluation_config(name, data, settings.model_dump(exclude_unset=True))


def _scores(evaluations: Mapping[str, EvaluationConfig], state: TrainState) -> Row:
    return {
        f"{key}/{column}": value
        for key, config in evaluations.items()
        for column, value in run_evaluation(config, state.method).own.items()
    }
