"""Pretrain GaussianCross on rooms, and measure it beside baselines and its own ablations.

`--table rooms` compares the linear probe with features that nobody learned; `--table fine-tuning`
compares fine-tuning with training from scratch; `--table ablations` the linear probe of variants;
`--table views` held-out views with their mean colors. Tables may share a folder of runs. Make the
rooms first: `gaussrep make-rooms ROOMS --scenes 60 --val 12`.
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
RADIUS = 0.12
"""Distance below which shifted points are neighbors: 1.5 voxels of the preset, in meters."""
HELD_OUT_VIEWS = 12
"""Views of each validation room that are compared with its recording."""
PROBE = ("probe", "multi-scale probe")
VIEWS = ("psnr", "depth_error", "kept_fraction")
FINE_TUNING = ("5 % of scenes", "10 % of scenes", "all scenes", "instances, AP50")
BASELINES = (
    "random backbone",
    "color and normal",
    "color, normal and height",
    "random features",
    "constant class",
)
"""Rows that the probe measures beside the method's own."""

ROWS: Mapping[str, Mapping[str, Row]] = MappingProxyType(
    {
        "rooms": {
            "GaussianCross": Row(METHOD, PROBE),
            **{name: Row(METHOD, PROBE, baseline_of="GaussianCross") for name in BASELINES},
        },
        "fine-tuning": {
            "GaussianCross": Row(METHOD, FINE_TUNING),
            "from scratch": Row(METHOD, FINE_TUNING, is_trained=False),
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
        },
        "views": {
            "GaussianCross": Row(METHOD, VIEWS),
            "untrained": Row(METHOD, VIEWS, baseline_of="GaussianCross"),
            "mean color": Row(METHOD, ("psnr",), baseline_of="GaussianCross"),
        },
    }
)
"""Fine-tuning a backbone without pretraining is training from scratch."""


def columns(probe_steps: int, fine_tune_steps: int, *, baselines: bool) -> dict[str, Column]:
    """What is measured: segmentation, instances and views of all validation rooms."""
    probe = ("batchnorm=eval", "cached_points=2000", "batch_size=4", f"baselines={baselines}")
    tuned = ("from_scratch=false", "folder=null", "batch_size=2", "data.max_points=10000")
    length = f"steps={fine_tune_steps}"
    fractions = zip(FINE_TUNING, (0.05, 0.1, 1), strict=False)
    semantic = {
        name: Column("semantic-fine-tune", "miou", (*tuned, length, f"data.fraction={fraction}"))
        for name, fraction in fractions
    }
    instances = (*tuned, length, f"radius={RADIUS}")
    probe = (*probe, f"steps={probe_steps}")
    return {
        PROBE[0]: Column("semantic-probe", "miou", probe),
        PROBE[1]: Column("semantic-probe", "miou", (*probe, "multi_scale=true")),
        **semantic,
        FINE_TUNING[-1]: Column("instance-fine-tune", "ap50", instances),
        **{name: Column("views", name, (f"data.views={HELD_OUT_VIEWS}",)) for name in VIEWS},
    }


def _length(table: str, probe_steps: int, fine_tune_steps: int) -> dict[str, str]:
    if table == "fine-tuning":
        return {"fine-tuning": f"{fine_tune_steps} steps of 2 rooms"}
    if table == "views":
        return {"held-out views": f"{HELD_OUT_VIEWS} of each room"}
    return {"probe": f"{probe_steps} steps of 4 rooms, 2,000 points each, standardized features"}


def main(
    root: Annotated[Path, typer.Option(help="Folder of the rooms.")],
    out: Annotated[Path, typer.Option(help="JSON file.")],
    table: Annotated[
        Literal["rooms", "fine-tuning", "ablations", "views"], typer.Option(help="Which table.")
    ] = "rooms",
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs/rooms-table"),
    steps: Annotated[int, typer.Option(min=1, help="Of pretraining.")] = 600,
    probe_steps: Annotated[int, typer.Option(min=1, help="Of the linear layer.")] = 3000,
    fine_tune_steps: Annotated[int, typer.Option(min=1, help="Of fine-tuning.")] = 300,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seeds: Annotated[str, typer.Option(help="One run of each row per seed.")] = "0,1,2",
    setting: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for all runs.")] = None,
) -> None:
    """Compare GaussianCross with baselines, or with variants of itself, on rooms."""
    require_folder_of(out)
    given = tuple(setting or ())
    settings = (f"data.root={root.resolve()}", f"trainer.steps={steps}", *given)
    rows = ROWS[table]
    measured = columns(probe_steps, fine_tune_steps, baselines=table == "rooms")
    comparison = Comparison(rows, measured, PRESET, settings, device)
    config = comparison.config(next(iter(rows.values())), 0)
    training, held_out = (
        len(build("datasets", config.data, split=split)) for split in ("train", "val")
    )
    rooms = "1 room" if config.trainer.batch_size == 1 else f"{config.trainer.batch_size} rooms"
    facts = {
        "rooms": f"{training} and {held_out} for validation",
        "pretraining": f"{steps} steps of {rooms}, preset {PRESET}",
        **_length(table, probe_steps, fine_tune_steps),
        "settings": list(given),
    }
    comparison.fill(counts("--seeds", seeds, least=0), runs, out, facts)


if __name__ == "__main__":
    try:
        typer.run(main)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
