"""The configuration of a run that is resumed. Never imports torch."""

import shlex

from gaussrep.errors import ConfigError, RunError
from gaussrep.training.config import TrainConfig, TrainerConfig
from gaussrep.training.data_places import PLACES, flat_settings
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.run_lock import OWNER, owned_run

_LENGTH = {"trainer.steps", "trainer.epochs"}
_FREE = {
    "trainer.checkpoint_every",
    "trainer.checkpoint_minutes",
    "trainer.keep_last",
    "trainer.log_every",
    "trainer.num_workers",
    "trainer.shard_weights",
    "trainer.tensorboard",
    "trainer.trackers",
}
"""Settings that change no weight, and so may change on resume."""


def resumed_config(run: RunFolder, overrides: list[str]) -> TrainConfig:
    """Read the configuration of a run to resume, with what may change on resume overridden.

    Args:
        run: The run to resume.
        overrides: `dotted.key=value` arguments.

    Returns:
        The run's own configuration except for its length, for settings that change no weight
        (`trainer.log_every`, `checkpoint_every`, `keep_last`, `num_workers`,
        `shard_weights`, `tensorboard`, `trackers`), and for the folder of its data set
        (`data.root`).

    Raises:
        ConfigError: An override would change anything else, or make the run shorter.
    """
    before, after = run.read_config(), run.read_config(overrides)
    old, new = (dict(flat_settings(config.model_dump(mode="json"))) for config in (before, after))
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    if forbidden := sorted(changed - _LENGTH - _FREE - set(PLACES)):
        key = forbidden[0]
        raise ConfigError(
            f"{key} is {old.get(key)!r} in {run.path} and cannot become {new.get(key)!r} on "
            "resume; only trainer.steps and trainer.epochs may grow, and "
            f"{', '.join(sorted(_FREE))} and data.root change. "
            "--from starts a new run from its weights"
        )
    _check_not_shorter(before.trainer, after.trainer)
    return after


def require_incomplete(run: RunFolder, config: TrainConfig, command: str, prefix: str = "") -> None:
    """Check that a run has steps left, as far as that is known without its data set.

    The note of its owner that a process left which was killed in the end is removed.

    Args:
        run: The run to resume.
        config: Its configuration, from `resumed_config`.
        command: The command that resumes runs, for the message.
        prefix: Of the names of settings in that command.

    Raises:
        RunError: The run is complete, or another process writes it.
    """
    step = max(run.checkpoints(), default=0)
    trainer, before = config.trainer, run.read_config().trainer
    is_longer = trainer.epochs != before.epochs if trainer.steps is None else trainer.steps > step
    if is_longer or not run.is_finished(step):
        return
    if (run.path / OWNER).exists():
        with owned_run(run.path):
            pass
    name = "steps" if trainer.epochs is None else "epochs"
    longer = f"{prefix}{name}={2 * (trainer.epochs or step)}"
    raise RunError(
        f"{run.path} is complete at step {step}; to train longer: "
        f"gaussrep {command} --resume {shlex.quote(str(run.path))} {longer}"
    )


def _check_not_shorter(before: TrainerConfig, after: TrainerConfig) -> None:
    for name, old, new in (
        ("steps", before.steps, after.steps),
        ("epochs", before.epochs, after.epochs),
    ):
        if old is not None and new is not None and new < old:
            raise ConfigError(f"trainer.{name} is {old} and cannot shrink to {new} on resume")
