"""Scores that a run folder holds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROBE = "semantic-probe"
COLUMNS = {"miou": "mIoU", "macc": "mean accuracy", "all_acc": "accuracy"}


@dataclass(frozen=True)
class Table:
    """Scores as text.

    Attributes:
        title: What was measured.
        header: Titles of the columns.
        rows: Cells, as many as titles.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def probe_tables(run: Path) -> list[Table]:
    """Read what `semantic-probe` found.

    Args:
        run: A run's folder.

    Returns:
        One table per file in its `evaluations`, none where nothing was measured.
    """
    files = sorted((run / "evaluations").glob("*.json"))
    records = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return [
        Table(
            f"Linear probe on classes of points, after {record['step']} steps",
            ("", *COLUMNS.values()),
            [(row, *_cells(scores)) for row, scores in record["scores"].items()],
        )
        for record in records
        if record["evaluation"].split(":")[-1] == PROBE
    ]


def _cells(scores: dict[str, float]) -> list[str]:
    return [f"{100 * scores[column]:.1f}%" if column in scores else "" for column in COLUMNS]
