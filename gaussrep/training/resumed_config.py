"""The configuration of a run that goes on. Never imports torch."""

from collections.abc import Iterator, Mapping
from typing import Any

from gaussrep.errors import ConfigError
from gaussrep.training.config import TrainConfig, TrainerConfig
from gaussrep.training.run_folder import RunFolder

_LENGTH = {"trainer.steps", "trainer.epochs"}


def resumed_config(run: RunFolder, overrides: list[str]) -> TrainConfig:
    """Read a run's configuration, made longer where the user wants it.

    Args:
        run: The run to go on with.
        overrides: `dotted.key=value` arguments.

    Returns:
        The run's own configuration, but for `trainer.steps` and `trainer.epochs`.

    Raises:
        ConfigError: An override would change anything else, or make the run shorter.
    """
    before, after = run.read_config(), run.read_config(overrides)
    old, new = (dict(_flat(config.model_dump(mode="json"))) for config in (before, after))
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    if forbidden := sorted(changed - _LENGTH):
        key = forbidden[0]
        raise ConfigError(
            f"{key} is {old.get(key)!r} in {run.path} and cannot become {new.get(key)!r} on "
            "resume; only trainer.steps and trainer.epochs may grow. "
            "--from starts a new run from its weights"
        )
    _require_no_shorter(before.trainer, after.trainer)
    return after


def _require_no_shorter(before: TrainerConfig, after: TrainerConfig) -> None:
    for name, old, new in (
        ("steps", before.steps, after.steps),
        ("epochs", before.epochs, after.epochs),
    ):
        if old is not None and new is not None and new < old:
            raise ConfigError(f"trainer.{name} is {old} and cannot shrink to {new} on resume")


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
