"""Scores of a run, measured unless they are on record."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from gaussrep.evaluation.evaluation import Scores
from gaussrep.evaluation.resolve import evaluation_config_of_run, scores_file
from gaussrep.evaluation.running import evaluate
from gaussrep.training.run_folder import RunFolder


def evaluated(folder: Path, name: str, settings: list[str], device: str = "auto") -> Scores:
    """What a run and its baselines reached: the scores in its folder, or new ones.

    Scores of an earlier run with the same settings and step are reused; those of other settings are
    kept beside them, since the columns of a table may differ in nothing else.
    The version of the code is not compared: who changes an evaluation removes its scores.
    """
    run = RunFolder.open(folder)
    digest = sha256(" ".join(settings).encode()).hexdigest()[:8]
    file = scores_file(run, f"{name}-{digest}")
    if file.exists():
        record = json.loads(file.read_text(encoding="utf-8"))
        config = evaluation_config_of_run(run, name, settings).model_dump(mode="json")
        if (record["config"], record["step"]) == (config, max(run.checkpoints(), default=None)):
            return Scores(record["scores"], record["facts"])
    return evaluate(folder, name, settings, device, file)


def append_values(
    rows: dict[str, dict[str, list[float]]], found: Mapping[str, Mapping[str, float]]
) -> None:
    """Append one seed's value to every cell of a table."""
    for row, values in found.items():
        cells = rows.setdefault(row, {})
        for column, value in values.items():
            cells.setdefault(column, []).append(value)
