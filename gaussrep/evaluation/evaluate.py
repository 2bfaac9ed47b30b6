"""From a run's folder to scores."""

from collections.abc import Sequence
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any

from gaussrep.atomic_files import write_json
from gaussrep.errors import RunError
from gaussrep.evaluation.config import EvaluationConfig
from gaussrep.evaluation.device import chosen_device
from gaussrep.evaluation.evaluation import Scores
from gaussrep.evaluation.measured import measured
from gaussrep.evaluation.of_run import evaluation_of_run, scores_file
from gaussrep.machine import describe_machine
from gaussrep.training.load_run import load_run
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.versions import collect_versions


def evaluate_run(
    run: str | PathLike[str],
    name: str,
    overrides: Sequence[str] = (),
    device: str = "auto",
    out: Path | None = None,
) -> Scores:
    """Measure what a run learned, and write the scores down.

    Args:
        run: The run's folder.
        name: The evaluation, short or qualified.
        overrides: Settings of the evaluation, `dotted.key=value`; see `resolved_evaluation` for
            what lies below them.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.
        out: JSON file to write; `evaluations/NAME.json` in the run's folder by default.

    Returns:
        The scores.

    Raises:
        GaussrepError: Anything a user can cause: there is no such run or evaluation, a setting is
            wrong, the method cannot give what is measured, the data set lacks labels, …
    """
    folder = RunFolder.open(Path(run))
    config = evaluation_of_run(folder, name, overrides)
    method = load_run(folder.path).to(chosen_device(device))
    started = perf_counter()
    scores = measured(config, method)
    record = {
        "evaluation": config.type,
        "run": str(folder.path),
        "step": max(folder.checkpoints(), default=None),
        "device": str(next(method.parameters()).device),
        "seconds": round(perf_counter() - started, 3),
        **_record(config, scores),
    }
    _write(record, out or scores_file(folder, name))
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
        raise RunError(f"cannot write the scores to {file}: {error.strerror}") from error
