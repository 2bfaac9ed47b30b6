"""Train GMAE on shapes with and without a gradient to depth, and measure the order in depth.

All models see single images when they are measured. They differ in what they are trained on: one
view of each scene, two views, one view with the border prior, or one view with its true depth,
which is supervision and an upper bound. Writes one JSON file after every seed. Run again, the
script skips what is there and goes on with training that was stopped.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from evaluated import append_values, evaluated
from gaussrep.evaluation.evaluation import Scores
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.config import train_config
from harness.options import counts, run_script
from harness.report import describe_origin
from pretraining import pretrain

PRESET = "demo"
COMMON = (
    "data.type=shapes",
    "data.image_size=32",
    "method.image_size=32",
    "method.mask_ratio=0.5",
    "method.background=learned",
    "method.depth_start=equal",
    "trainer.batch_size=16",
    "trainer.tensorboard=false",
    "trainer.validate_every=0",
)
KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "two views": ("data.views=2", "data.parallax=0.25", "method.other_views_weight=4"),
        "true depth": ("method.true_depth_weight=0.1",),
        "one view": (),
        "border prior": ("method.border_prior=0.05",),
    }
)
"""Settings of each kind of model, by the name of its row."""


FIRST = next(iter(KINDS))
OF_MODELS = "smaller Gaussians nearer"
"""Baseline that depends on the model; it is left out."""


def measure(kind: str, seed: int, steps: int, runs: Path) -> Scores:
    """Train one model, and measure it with the baselines."""
    given = [f"trainer.steps={steps}", f"seed={seed}", *COMMON, *KINDS[kind]]
    folder = runs / f"{kind.replace(' ', '-')}-{seed}"
    pretrain(train_config("gmae", PRESET, [], given), folder, is_trained=True)
    return evaluated(folder, "depth-order", [f"seed={seed}", "data.views=1"])


def add(rows: dict[str, dict[str, list[float]]], kind: str, found: Scores) -> None:
    """Add a seed's values: those of the model, and once those of the baselines without a model."""
    baselines = [row for row in found.rows if row not in ("gmae", OF_MODELS)]
    chosen = baselines if kind == FIRST else []
    append_values(rows, {kind: found.own, **{row: found.rows[row] for row in chosen}})


def main(
    out: Annotated[Path, typer.Option(help="JSON file.")],
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs/depth-views"),
    steps: Annotated[int, typer.Option(min=1, help="Of training.")] = 1500,
    seeds: Annotated[str, typer.Option(help="One run of each model per seed.")] = "0,1,2",
) -> None:
    """Measure the order in depth of models with and without a gradient to depth."""
    facts = {"trained on": "shapes", "steps": steps, "settings": list(COMMON)}
    content: dict[str, Any] = {**describe_origin(sys.argv), "rows": {}, "facts": facts, "seeds": []}
    for seed in counts("--seeds", seeds, least=0):
        for kind in KINDS:
            found = measure(kind, seed, steps, runs)
            add(content["rows"], kind, found)
            print(f"{kind}, seed {seed}: {dict(found.own)}", flush=True)
        content["seeds"].append(seed)
        write_json(content, out)


if __name__ == "__main__":
    run_script(main)
