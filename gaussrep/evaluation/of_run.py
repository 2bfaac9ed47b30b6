"""What a run folder says about its evaluations. Never imports torch."""

from collections.abc import Sequence
from pathlib import Path

from gaussrep.config.components import config_class
from gaussrep.evaluation.config import EvaluationConfig
from gaussrep.evaluation.resolved import resolved_evaluation
from gaussrep.training.run_folder import RunFolder


def evaluation_of_run(run: RunFolder, name: str, overrides: Sequence[str] = ()) -> EvaluationConfig:
    """Gather the settings of an evaluation of a run.

    An evaluation that has a setting `folder`, to keep files in, gets one in the run's.

    Args:
        run: The run.
        name: The evaluation, short or qualified.
        overrides: `dotted.key=value`.

    Returns:
        The settings.

    Raises:
        PluginError: The evaluation is unknown, ambiguous, unavailable or broken.
        ConfigError: A setting is wrong.
    """
    keeps_files = "folder" in config_class("evaluations", name).model_fields
    given = {"folder": scores_file(run, name).with_suffix("")} if keeps_files else {}
    return resolved_evaluation(name, run.read_config().data, given, overrides)


def scores_file(run: RunFolder, name: str) -> Path:
    """Where the scores of an evaluation are kept."""
    return run.path / "evaluations" / f"{name.replace(':', '-')}.json"
