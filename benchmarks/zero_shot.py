"""Train GMAE on photographs and on shapes, and measure its zero-shot abilities.

Writes `edges.json` (BSDS500, validation split), and for shapes `figure-ground.json` and
`depth-order.json`, plain and with the border prior (`-prior`), after every seed. Run again, the
script skips the seeds that are there and goes on with training that was stopped. What was measured
in the folder of a run is not measured again.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from evaluated import append_values, evaluated
from gaussrep.errors import GaussrepError, RunError
from gaussrep.evaluation.evaluation import Scores
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.config import train_config
from harness.options import counts
from harness.report import describe_origin
from pretraining import pretrain

PRESET = "demo"
BORDER_PRIOR = 0.05
MEASUREMENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "edges": ("edges", "photographs"),
        "figure-ground": ("figure-ground", "shapes"),
        "depth-order": ("depth-order", "shapes"),
        "figure-ground-prior": ("figure-ground", "shapes-prior"),
        "depth-order-prior": ("depth-order", "shapes-prior"),
    }
)
"""Files, each with its evaluation and which of the models it measures."""


def training_settings(kind: str, bsds: Path) -> list[str]:
    """Return training data of a kind of model: crops of BSDS500's training images, or shapes."""
    if kind == "photographs":
        return ["data.type=images", f"data.root={bsds / 'images' / 'train'}", "data.image_size=64"]
    prior = [f"method.border_prior={BORDER_PRIOR}"] if kind == "shapes-prior" else []
    return ["data.type=shapes", *prior]


def evaluation_settings(name: str, bsds: Path) -> list[str]:
    """What an evaluation measures on; nothing of it was trained on."""
    return ["data.type=bsds500", f"data.root={bsds}"] if name == "edges" else []


def add_scores(content: dict[str, Any], scores: Scores) -> None:
    """Add one seed's value to every cell."""
    append_values(content["rows"], scores.rows)
    content["facts"] |= {name: fact for name, fact in scores.facts.items() if fact is not None}


def begin(out: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the file holds already, or its beginning."""
    if not out.exists():
        return {**describe_origin(sys.argv), "rows": {}, "facts": dict(facts), "seeds": []}
    content = json.loads(out.read_text(encoding="utf-8"))
    if any(content["facts"].get(name) != fact for name, fact in facts.items()):
        raise RunError(f"{out} holds measurements of another training; give another --out")
    return content


def measure(
    name: str, bsds: Path, seeds: list[int], steps: int, runs: Path, out: Path, setting: list[str]
) -> None:
    """Fill one file, seed by seed."""
    evaluation, kind = MEASUREMENTS[name]
    facts = {"trained on": kind, "steps": steps, "settings": setting}
    out.mkdir(parents=True, exist_ok=True)
    content = begin(out / f"{name}.json", facts)
    for seed in [seed for seed in seeds if seed not in content["seeds"]]:
        given = [f"trainer.steps={steps}", f"seed={seed}", *training_settings(kind, bsds), *setting]
        folder = runs / f"{kind}-{seed}"
        pretrain(train_config("gmae", PRESET, [], given), folder, is_trained=True)
        scores = evaluated(
            folder, evaluation, [f"seed={seed}", *evaluation_settings(evaluation, bsds)]
        )
        add_scores(content, scores)
        content["seeds"].append(seed)
        write_json(content, out / f"{name}.json")
        print(f"{name}, seed {seed}: {dict(scores.own)}", flush=True)


def main(
    bsds: Annotated[Path, typer.Option(help="Folder of BSDS500's images and groundTruth.")],
    out: Annotated[Path, typer.Option(help="Folder of the JSON files.")],
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs/zero-shot"),
    steps: Annotated[int, typer.Option(min=1, help="Of training.")] = 3000,
    seeds: Annotated[str, typer.Option(help="One run of each model per seed.")] = "0,1,2",
    only: Annotated[str | None, typer.Option(help="One of the files, without its ending.")] = None,
    setting: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for all runs.")] = None,
) -> None:
    """Measure edges, figure-ground and the order in depth."""
    numbers = list(counts("--seeds", seeds, least=0))
    for name in [only] if only else MEASUREMENTS:
        measure(name, bsds.resolve(), numbers, steps, runs, out, setting or [])


if __name__ == "__main__":
    try:
        typer.run(main)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
