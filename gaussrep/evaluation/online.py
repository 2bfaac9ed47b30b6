"""Evaluations in the middle of a training run."""

from collections.abc import Mapping

from gaussrep import plugins
from gaussrep.errors import ConfigError
from gaussrep.evaluation.config import EvaluationConfig, SampledConfig
from gaussrep.evaluation.measured import measured
from gaussrep.evaluation.resolved import resolved_evaluation
from gaussrep.training.callbacks.callback import Callback, Row
from gaussrep.training.config import TrainConfig
from gaussrep.training.training import TrainState

REHEARSAL = 8
"""Samples of each split that an evaluation is tried on before the first step."""


class OnlineEvaluations(Callback):
    """Measures the method every `probe_every` steps and after the last, in the main process.

    The other processes wait. Random states and the method's mode are left as they were, so
    measuring changes nothing of what follows. Before the first step of a new run each evaluation
    is rehearsed on a few samples: one that cannot work fails then.

    Args:
        evaluations: Complete settings of registered evaluations, by the name that columns get.
    """

    def __init__(self, evaluations: Mapping[str, EvaluationConfig]) -> None:
        self._evaluations = evaluations

    def on_start(self, state: TrainState) -> None:
        """Rehearse what can be tried on a few samples, where the run is new."""
        if state.step == 0:
            rehearsal = {
                name: config.model_copy(update={"limit": REHEARSAL})
                for name, config in self._evaluations.items()
                if isinstance(config, SampledConfig)
            }
            state.engine.on_main(lambda: _scores(rehearsal, state))

    def measure(self, state: TrainState) -> Row:
        """Give `<name>/<column>` of each evaluation's own row, where it is due."""
        if state.step % state.config.probe_every and state.step != state.steps:
            return {}
        return state.engine.on_main(lambda: _scores(self._evaluations, state))


def online_evaluations(config: TrainConfig) -> dict[str, EvaluationConfig]:
    """Complete the settings of the evaluations that a run makes while it trains.

    Args:
        config: The run's configuration.

    Returns:
        Settings by name; none where the run never evaluates.

    Raises:
        ConfigError: An evaluation's settings are wrong, or it cannot run inside another run.
        PluginError: An evaluation is unavailable or broken.
    """
    if not config.trainer.probe_every:
        return {}
    return {name: _online(name, given.type, config) for name, given in config.evaluations.items()}


def _online(key: str, name: str, config: TrainConfig) -> EvaluationConfig:
    if not plugins.load("evaluations", name).online:
        raise ConfigError(
            f"evaluations.{key} is {name!r}, which trains on its own and cannot run inside "
            f"another run; measure it afterwards: gaussrep evaluate {name} RUN"
        )
    given = config.evaluations[key].model_dump(exclude_unset=True)
    return resolved_evaluation(name, config.data, given)


def _scores(evaluations: Mapping[str, EvaluationConfig], state: TrainState) -> Row:
    return {
        f"{key}/{column}": value
        for key, config in evaluations.items()
        for column, value in measured(config, state.method).own.items()
    }
