"""Time training steps of GMAE and of MAE: `python benchmarks/gmae.py [--out OUT.json] …`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gaussrep.errors import ConfigError
from gaussrep.runtime.console import print_table
from gmae_cost.cell import SIZES, Cell, Size
from harness.options import counts, require_folder_of, run_script


class Device(StrEnum):
    """Where to measure."""

    CPU = "cpu"
    CUDA = "cuda"


class Precision(StrEnum):
    """Number format of the forward pass."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


def main(
    size: Annotated[Size, typer.Option(help="Size of the model.")] = Size.SMALL,
    batch: Annotated[int, typer.Option(min=1, help="Images per step.")] = 32,
    queries: Annotated[
        str, typer.Option(help="Numbers of queries; 147 makes both decoders equally long.")
    ] = "64,147,256,512,1024",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of torch; its own number by default.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How many steps to time.")] = 5,
    device: Annotated[Device, typer.Option(help="Where to measure.")] = Device.CPU,
    precision: Annotated[Precision, typer.Option(help="Number format.")] = Precision.FP32,
    out: Annotated[Path | None, typer.Option(help="JSON file to write; overwritten.")] = None,
) -> None:
    """Time training steps of GMAE and of its MAE twin, each in a process of its own."""
    numbers: list[int | None] = [None, *counts("--queries", queries)]
    require_folder_of(out)

    import torch

    from gaussrep.runtime.atomic_files import write_json
    from gmae_cost.measure import DEFINITIONS
    from gmae_cost.table import HEADERS, row, run
    from harness.report import describe_origin

    if device == Device.CUDA and not torch.cuda.is_available():
        raise ConfigError("--device is cuda, but torch sees no CUDA device; use cpu.")
    results = []
    for result in run(
        Cell(size, number, batch, repeats, threads, device, precision) for number in numbers
    ):
        results.append(result)
        typer.echo("  ".join([*row(result), result.get("skipped", "")]).rstrip(), err=True)
    print_table(HEADERS, [row(result) for result in results])
    if out is not None:
        settings = {"size": size, "batch": batch, "device": device, "precision": precision}
        about = {"definitions": DEFINITIONS, "settings": {**settings, "model": dict(SIZES[size])}}
        write_json({**describe_origin(sys.argv), **about, "results": results}, out)
        typer.echo(f"Results: {out}")


if __name__ == "__main__":
    run_script(main)
