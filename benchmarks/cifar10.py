"""Pretrain GMAE and MAE on CIFAR-10 with equal budgets and seeds, and measure what they learned.

Every finished cell is written to the JSON file. Run again, the script skips what is there and goes
on with the pretraining or fine-tuning that was stopped.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from pretraining import pretrain

from gaussrep import plugins
from gaussrep.cli.bench_options import counts, require_folder_of
from gaussrep.cli.train import train_config
from gaussrep.errors import GaussrepError, RunError
from gaussrep.evaluation.evaluate import evaluate_run
from gaussrep.json_file import write_json
from gaussrep.rendering.bench.report import describe_origin
from gaussrep.training.config import TrainConfig

PRESET = "cifar"
EVALUATIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "knn": ("knn", "top1"),
        "linear-probe": ("linear-probe", "top1"),
        "fine-tune": ("fine-tune", "top1"),
        "psnr": ("reconstruction", "psnr"),
    }
)
"""The evaluation of each column, and which of its numbers is taken."""
LABELS = ("knn", "linear-probe", "fine-tune")


@dataclass(frozen=True)
class Row:
    """What is pretrained, and which columns are measured."""

    method: str
    settings: tuple[str, ...] = ()
    is_trained: bool = True
    columns: tuple[str, ...] = LABELS


ROWS: Mapping[str, Row] = MappingProxyType(
    {
        "GMAE": Row("gmae", columns=(*LABELS, "psnr")),
        "MAE": Row("mae", columns=(*LABELS, "psnr")),
        "MAE, normalised target": Row("mae", ("method.target=normalized",)),
        "random encoder": Row("gmae", is_trained=False),
    }
)
"""Pictures of the normalised target borrow from the truth, so that they get no PSNR."""


@dataclass(frozen=True)
class Budget:
    """What all rows have in common; fine-tuning makes steps of 128 images."""

    root: Path
    steps: int
    fine_tune_epochs: int
    device: str
    settings: tuple[str, ...]

    def config(self, row: Row, seed: int) -> TrainConfig:
        """The configuration of one run, as `gaussrep train` resolves it."""
        given = ["data.type=folders", f"data.root={self.root}", f"trainer.device={self.device}"]
        given += [f"trainer.steps={self.steps}", "trainer.epochs=null", f"seed={seed}"]
        return train_config(row.method, PRESET, [], [*given, *self.settings, *row.settings])

    def evaluation_settings(self, name: str, seed: int) -> list[str]:
        """Settings of one evaluation."""
        short = [f"epochs={self.fine_tune_epochs}", "accumulate=1"]
        return [f"seed={seed}", *(short if name == "fine-tune" else [])]


def compare(budget: Budget, seeds: Sequence[int], runs: Path, out: Path) -> None:
    """Fill the cells that are missing, seed by seed, and write the file after each."""
    content = begin(budget, seeds, out)
    for number, seed in enumerate(seeds):
        for name, row in ROWS.items():
            cells = content["rows"].setdefault(name, {})
            missing = [column for column in row.columns if len(cells.get(column, [])) <= number]
            if not missing:
                continue
            folder = runs / f"{name.replace(', ', '-').replace(' ', '-').lower()}-{seed}"
            pretrain(budget.config(row, seed), folder, is_trained=row.is_trained)
            for column in missing:
                evaluation, score = EVALUATIONS[column]
                settings = budget.evaluation_settings(evaluation, seed)
                scores = evaluate_run(folder, evaluation, settings, budget.device)
                cells.setdefault(column, []).append(scores.own[score])
                write_json(content, out)
                print(f"{name}, seed {seed}: {column} {scores.own[score]:.4f}", flush=True)


def begin(budget: Budget, seeds: Sequence[int], out: Path) -> dict[str, Any]:
    """What the file holds already, or its beginning."""
    trainer = budget.config(ROWS["GMAE"], 0).trainer
    per_step = trainer.batch_size * trainer.accumulate
    facts = {
        "images": f"{images(budget, 'train'):,} and {images(budget, 'val'):,} for validation",
        "pretraining": f"{budget.steps} steps of {per_step} images, preset {PRESET}",
        "fine-tuning": f"{budget.fine_tune_epochs} epochs",
        "settings": list(budget.settings),
        "seeds": list(seeds),
    }
    if not out.exists():
        return {**describe_origin(sys.argv), "rows": {}, "facts": facts}
    content = json.loads(out.read_text(encoding="utf-8"))
    if content["facts"] != facts:
        raise RunError(f"{out} holds another comparison, {content['facts']}; give another --out")
    return content


def images(budget: Budget, split: str) -> int:
    """How many images a split has."""
    config = budget.config(ROWS["GMAE"], 0)
    return len(plugins.build("datasets", config.data, split=split))


def main(
    root: Annotated[Path, typer.Option(help="Folder of train/CLASS/*.jpg and test/CLASS/*.jpg.")],
    out: Annotated[Path, typer.Option(help="JSON file.")],
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs/cifar10"),
    epochs: Annotated[int, typer.Option(min=1, help="Of pretraining.")] = 400,
    steps: Annotated[int | None, typer.Option(min=1, help="In the place of epochs.")] = None,
    fine_tune_epochs: Annotated[int, typer.Option(min=1, help="Of fine-tuning.")] = 20,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seeds: Annotated[str, typer.Option(help="One run of each row per seed.")] = "0,1,2",
    setting: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for all runs.")] = None,
) -> None:
    """Compare GMAE, MAE and a random encoder on CIFAR-10."""
    require_folder_of(out)
    budget = Budget(root.resolve(), steps or 1, fine_tune_epochs, device, tuple(setting or ()))
    if steps is None:
        trainer = budget.config(ROWS["GMAE"], 0).trainer
        per_epoch = images(budget, "train") // (trainer.batch_size * trainer.accumulate)
        budget = replace(budget, steps=epochs * per_epoch)
    compare(budget, counts("--seeds", seeds, least=0), runs, out)


if __name__ == "__main__":
    try:
        typer.run(main)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
