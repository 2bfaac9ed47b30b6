"""A table of pretraining methods: rows, columns, seeds, one number in each cell.

Every finished cell is written to the JSON file. Filled again, a comparison skips what is there and
goes on with the pretraining that was stopped. What was measured in the folder of a run is not
measured again, so that processes with different seeds can share one folder of runs: the last one,
with all seeds, then gathers the table.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluated import evaluated
from gaussrep.errors import RunError
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.config import TrainConfig, train_config
from harness.report import describe_origin
from pretraining import pretrain


@dataclass(frozen=True)
class Row:
    """What is pretrained, how it differs from the others, and which columns are measured.

    A baseline that the evaluations measure beside a method has no run: it is the row of its own
    name among the scores of the row `baseline_of`.
    """

    method: str
    columns: tuple[str, ...]
    settings: tuple[str, ...] = ()
    is_trained: bool = True
    baseline_of: str | None = None


@dataclass(frozen=True)
class Column:
    """An evaluation, its settings, and which of its numbers is taken."""

    evaluation: str
    score: str
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What is compared, and what all rows have in common."""

    rows: Mapping[str, Row]
    columns: Mapping[str, Column]
    preset: str
    settings: tuple[str, ...]
    device: str = "auto"

    def config(self, row: Row, seed: int) -> TrainConfig:
        """The configuration of one run, as `gaussrep train` resolves it."""
        given = [*self.settings, f"trainer.device={self.device}", f"seed={seed}", *row.settings]
        return train_config(row.method, self.preset, [], given)

    def fill(
        self, seeds: Sequence[int], runs: Path, out: Path, facts: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Fill the cells that are missing, seed by seed, and write the file after each.

        Args:
            seeds: One run of each row per seed.
            runs: Folder of the runs.
            out: The JSON file.
            facts: What a reader must know; a file with other facts is not added to.

        Returns:
            What the file holds.
        """
        content = begin(out, {**facts, "seeds": list(seeds)})
        for number, seed in enumerate(seeds):
            for name, row in self.rows.items():
                cells = content["rows"].setdefault(name, {})
                missing = [one for one in row.columns if len(cells.get(one, [])) <= number]
                if not missing:
                    continue
                own = row.baseline_of or name
                folder = runs / f"{own.replace(', ', '-').replace(' ', '-').lower()}-{seed}"
                source = self.rows[own]
                pretrain(self.config(source, seed), folder, is_trained=source.is_trained)
                for column in missing:
                    baseline = name if row.baseline_of else None
                    found = self._measure(folder, self.columns[column], seed, baseline)
                    cells.setdefault(column, []).append(found)
                    write_json(content, out)
                    print(f"{name}, seed {seed}: {column} {found:.4f}", flush=True)
        return content

    def _measure(self, folder: Path, column: Column, seed: int, baseline: str | None) -> float:
        settings = [f"seed={seed}", *column.settings]
        found = evaluated(folder, column.evaluation, settings, self.device)
        return (found.rows[baseline] if baseline else found.own)[column.score]


def begin(out: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the file holds already, or its beginning."""
    if not out.exists():
        return {**describe_origin(sys.argv), "rows": {}, "facts": dict(facts)}
    content = json.loads(out.read_text(encoding="utf-8"))
    if content["facts"] != facts:
        raise RunError(f"{out} holds another comparison, {content['facts']}; give another --out")
    return content
