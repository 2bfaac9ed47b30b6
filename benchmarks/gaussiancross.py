"""Pretrain GaussianCross on rooms, and measure it beside fresh weights and its own ablations.

`--table rooms` compares the linear probe and fine-tuning on few scenes; `--table ablations` the
linear probe of variants. Make the rooms first: `gaussrep make-rooms ROOMS --scenes 60 --val 12`.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import typer

from comparison import Column, Comparison, Row
from gaussrep.building import build
from gaussrep.errors import GaussrepError
from harness.options import counts, require_folder_of

PRESET = "demo"
METHOD = "gaussiancross"
PROBE = ("probe",)
SCENES = ("probe", "5 % of scenes", "10 % of scenes")

ROWS: Mapping[str, Mapping[str, Row]] = MappingProxyType(
    {
        "rooms": {
            "GaussianCross": Row(METHOD, SCENES),
            "random backbone": Row(METHOD, SCENES, is_trained=False),
        },
        "ablations": {
            "as it is": Row(METHOD, PROBE),
            "no normalization": Row(METHOD, PROBE, ("method.normalize=false",)),
            "no color": Row(METHOD, PROBE, ("method.color_weight=0",)),
            "no depth": Row(METHOD, PROBE, ("method.depth_weight=0",)),
            "no semantics": Row(METHOD, PROBE, ("method.semantic_weight=0",)),
            "mask ratio 0": Row(METHOD, PROBE, ("method.mask_ratio=0",)),
            "mask ratio 0.75": Row(METHOD, PROBE, ("method.mask_ratio=0.75",)),
            "τ = 0": Row(METHOD, PROBE, ("method.opacity_threshold=0",)),
            "random backbone": Row(METHOD, PROBE, is_trained=False),
        },
    }
)
"""Fine-tuning a random backbone is training from scratch."""


def columns(probe_steps: int, fine_tune_steps: int) -> dict[str, Column]:
    """What is measured: mIoU on all validation rooms."""
    probe = ("random_backbone=false", "batchnorm=eval", "cached_points=4000")
    tuned = ("from_scratch=false", "folder=null", "batch_size=2", "data.max_points=10000")
    few = {
        f"{percent} % of scenes": Column(
            "semantic-fine-tune",
            "miou",
            (*tuned, f"steps={fine_tune_steps}", f"data.fraction={percent / 100}"),
        )
        for percent in (5, 10)
    }
    return {"probe": Column("semantic-probe", "miou", (*probe, f"steps={probe_steps}")), **few}


def main(
    root: Annotated[Path, typer.Option(help="Folder of the rooms.")],
    out: Annotated[Path, typer.Option(help="JSON file.")],
    table: Annotated[Literal["rooms", "ablations"], typer.Option(help="Which table.")] = "rooms",
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs/rooms-table"),
    steps: Annotated[int, typer.Option(min=1, help="Of pretraining.")] = 600,
    probe_steps: Annotated[int, typer.Option(min=1, help="Of the linear layer.")] = 200,
    fine_tune_steps: Annotated[int, typer.Option(min=1, help="Of fine-tuning.")] = 300,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seeds: Annotated[str, typer.Option(help="One run of each row per seed.")] = "0,1,2",
    setting: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for all runs.")] = None,
) -> None:
    """Compare GaussianCross with fresh weights, or with variants of itself, on rooms."""
    require_folder_of(out)
    given = tuple(setting or ())
    settings = (f"data.root={root.resolve()}", f"trainer.steps={steps}", *given)
    rows, measured = ROWS[table], columns(probe_steps, fine_tune_steps)
    comparison = Comparison(rows, measured, PRESET, settings, device)
    config = comparison.config(next(iter(rows.values())), 0)
    training, held_out = (
        len(build("datasets", config.data, split=split)) for split in ("train", "val")
    )
    facts = {
        "rooms": f"{training} and {held_out} for validation",
        "pretraining": f"{steps} steps of {config.trainer.batch_size} rooms, preset {PRESET}",
        "probe": f"{probe_steps} steps",
        "fine-tuning": f"{fine_tune_steps} steps",
        "settings": list(given),
    }
    comparison.fill(counts("--seeds", seeds, least=0), runs, out, facts)


if __name__ == "__main__":
    try:
        typer.run(main)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
