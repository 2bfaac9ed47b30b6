"""Evaluate a method or a run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any

from gaussrep.building import build
from gaussrep.errors import RunError
from gaussrep.evaluation.baselines import random_method, with_baselines
from gaussrep.evaluation.config import EvaluationConfig, ProbeConfig
from gaussrep.evaluation.device import resolve_device
from gaussrep.evaluation.evaluation import Scores
from gaussrep.evaluation.resolve import evaluation_config_of_run, scores_file
from gaussrep.methods.method import Method
from gaussrep.runtime.atomic_files import write_json
from gaussrep.runtime.machine import describe_machine
from gaussrep.training import random_state
from gaussrep.training.checkpoint import load_run, opened_run
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.versions import collect_versions


def run_evaluation(config: EvaluationConfig, method: Method) -> Scores:
    """Run an evaluation of a method, in evaluation mode and with freshly seeded generators.

    The mode of the method and the random states are restored.

    Args:
        config: Complete settings of a registered evaluation.
        method: On the device to evaluate on.

    Returns:
        The scores.

    Raises:
        GaussrepError: The evaluation raised it.
    """
    evaluation = build("evaluations", config)
    with _evaluating(method), random_state.seeded(config.seed, stream=0):
        return evaluation.measure(method)


@contextmanager
def _evaluating(method: Method) -> Iterator[None]:
    training = {name: module.training for name, module in method.named_modules()}
    method.eval()
    try:
        yield
    finally:
        for name, module in method.named_modules():
            module.training = training[name]


def evaluate(
    run: str | PathLike[str],
    name: str,
    overrides: Sequence[str] = (),
    device: str = "auto",
    out: str | PathLike[str] | None = None,
    weights: str | None = None,
    preset: str | None = None,
    *,
    trust: Sequence[str] = (),
) -> Scores:
    """Evaluate the method of a run and write its scores as JSON.

    Args:
        run: The run's folder.
        name: The evaluation, short or qualified.
        overrides: Settings of the evaluation, `dotted.key=value`, on top of those that
            `resolve_evaluation_config` takes from the run.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.
        out: JSON file to write; `evaluations/NAME.json` in the run's folder by default.
        weights: Name of further weights of the run, such as `ema`; None takes the trained ones.
        preset: Name of a preset of the evaluation, below `overrides`.
        trust: Names whose code may be run or which may be downloaded; see `load_run`.

    Returns:
        The scores.

    Raises:
        GaussrepError: A mistake that a user can make: there is no such run or evaluation, a setting
            is wrong, the method does not embed, the data set lacks labels, …
    """
    folder = RunFolder.open(Path(run))
    config = evaluation_config_of_run(folder, name, overrides, weights, preset)
    with opened_run(folder, trust):
        method = load_run(folder.path, weights).to(resolve_device(device))
        started = perf_counter()
        scores = run_evaluation(config, method)
        if isinstance(config, ProbeConfig) and config.baselines:
            scores = with_baselines(scores, run_evaluation(config, random_method(method, config)))
    record = {
        "evaluation": config.type,
        "run": str(folder.path),
        "weights": weights,
        "step": max(folder.checkpoints(), default=None),
        "device": str(next(method.parameters()).device),
        "seconds": round(perf_counter() - started, 3),
        **_record(config, scores),
    }
    _write(record, scores_file(folder, name, weights) if out is None else Path(out))
    return scores


def _record(config: EvaluationConfig, scores: Scores) -> dict[str, Any]:
    return {
        "scores": {row: dict(columns) for row, columns in scores.rows.items()},
        "facts": dict(scores.facts),
        "config": config.model_dump(mode="json"),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "versions": collect_versions(),
    }


def _write(record: dict[str, Any], file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(record, file)
    except OSError as error:
        raise RunError(f"cannot write the scores to {file}: {error.strerror or error}") from error
