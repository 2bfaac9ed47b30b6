"""Pretrain GMAE and MAE on CIFAR-10 with equal budgets and seeds, and measure what they learned."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from comparison import Column, Comparison, Row
from gaussrep.building import build
from gaussrep.errors import GaussrepError
from harness.options import counts, require_folder_of

PRESET = "cifar"
LABELS = ("knn", "linear-probe", "fine-tune")

ROWS: Mapping[str, Row] = MappingProxyType(
    {
        "GMAE": Row("gmae", (*LABELS, "psnr")),
        "MAE": Row("mae", (*LABELS, "psnr")),
        "MAE, normalized target": Row("mae", LABELS, ("method.target=normalized",)),
        "GMAE, normalized target": Row("gmae", LABELS, ("method.target=normalized",)),
        "random encoder": Row("gmae", LABELS, is_trained=False),
        "chance": Row("gmae", LABELS[:2], baseline_of="GMAE"),
    }
)
"""Images of the normalized target borrow from the truth, so that they get no PSNR."""
MARGIN = 0.015
"""Largest difference of accuracies that counts as equal, in tests of equivalence."""


FINE_TUNING = ("epochs=20", "gradient_accumulation_steps=1")
"""A fifth of MAE's length, in steps of 128 images."""


def columns(fine_tuning: tuple[str, ...]) -> dict[str, Column]:
    """What is measured."""
    return {
        "knn": Column("knn", "top1"),
        "linear-probe": Column("linear-probe", "top1"),
        "fine-tune": Column("fine-tune", "top1", fine_tuning),
        "psnr": Column("reconstruction", "psnr"),
    }


def make_comparison(
    root: Path, steps: int, fine_tuning: tuple[str, ...], device: str, settings: tuple[str, ...]
) -> Comparison:
    """The table, with the same number of steps for all rows."""
    data = ("data.type=folders", f"data.root={root}")
    length = (f"trainer.steps={steps}", "trainer.epochs=null")
    return Comparison(ROWS, columns(fine_tuning), PRESET, (*data, *length, *settings), device)


def images(comparison: Comparison, split: str) -> int:
    """How many images a split has."""
    data = comparison.config(ROWS["GMAE"], 0).data
    return len(build("datasets", data, split=split))


def per_step(comparison: Comparison) -> int:
    """How many images an optimizer step sees."""
    trainer = comparison.config(ROWS["GMAE"], 0).trainer
    return trainer.batch_size * trainer.gradient_accumulation_steps


def main(
    root: Annotated[Path, typer.Option(help="Folder of train/CLASS/*.jpg and test/CLASS/*.jpg.")],
    out: Annotated[Path, typer.Option(help="JSON file.")],
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs/cifar10"),
    epochs: Annotated[int, typer.Option(min=1, help="Of pretraining.")] = 400,
    steps: Annotated[int | None, typer.Option(min=1, help="In the place of epochs.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seeds: Annotated[str, typer.Option(help="One run of each row per seed.")] = "0,1,2",
    setting: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for all runs.")] = None,
    fine_tune: Annotated[
        list[str] | None, typer.Option(help=f"KEY=VALUE, in the place of {FINE_TUNING}.")
    ] = None,
) -> None:
    """Compare GMAE, MAE and a random encoder on CIFAR-10."""
    require_folder_of(out)
    given, fine_tuning = tuple(setting or ()), tuple(fine_tune or FINE_TUNING)
    one = make_comparison(root.resolve(), steps or 1, fine_tuning, device, given)
    batch, training = per_step(one), images(one, "train")
    steps = steps or epochs * (training // batch)
    facts = {
        "images": f"{training:,} and {images(one, 'val'):,} for validation",
        "pretraining": f"{steps} steps of {batch} images, preset {PRESET}",
        "fine-tuning": list(fine_tuning),
        "margin of equivalence": f"{100 * MARGIN:g} points",
        "settings": list(given),
    }
    whole = make_comparison(root.resolve(), steps, fine_tuning, device, given)
    whole.fill(counts("--seeds", seeds, least=0), runs, out, facts)


if __name__ == "__main__":
    try:
        typer.run(main)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
