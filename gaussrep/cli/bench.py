"""`gaussrep bench`: how fast the renderers are on this machine."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gaussrep import plugins
from gaussrep.cli.table import print_table
from gaussrep.errors import ConfigError, UnknownName
from gaussrep.plugins.nearest import nearest
from gaussrep.rendering.bench.workloads import TILED, WORKLOADS, Workload


class Subject(StrEnum):
    """What can be timed."""

    RENDER = "render"


def bench(
    subject: Annotated[Subject, typer.Argument(help="What to time.")],
    workload: Annotated[
        list[str] | None, typer.Option(help=f"Scene: {', '.join(WORKLOADS)}. All by default.")
    ] = None,
    renderer: Annotated[
        list[str] | None,
        typer.Option(help=f"Renderer, or {TILED} for comparison. All that run here by default."),
    ] = None,
    threads: Annotated[str, typer.Option(help="Numbers of threads.")] = "1,2",
    repeats: Annotated[int, typer.Option(min=1, help="How often to time each.")] = 9,
    limit: Annotated[
        float, typer.Option(min=1, help="Seconds after which one measurement is given up.")
    ] = 180.0,
    out: Annotated[Path | None, typer.Option(help="JSON file to write; overwritten.")] = None,
) -> None:
    """Time renderers on scenes of many sizes, each measurement in a process of its own."""
    workloads = [_workload(name) for name in workload or WORKLOADS]
    counts = _counts(threads)
    for name in renderer or ():
        if name != TILED:
            plugins.find("renderers", name)
    if out is not None and not out.parent.is_dir():
        raise ConfigError(f"--out is {out}, but there is no folder {out.parent}; make it first.")

    from gaussrep.json_file import write_json
    from gaussrep.rendering.bench.report import HEADERS, describe_run, row
    from gaussrep.rendering.bench.table import Table

    names = renderer or [*(c.name for c in plugins.list("renderers")), TILED]
    results = []
    for result in Table(workloads, names, counts, repeats, limit).run():
        results.append(result)
        typer.echo("  ".join([*row(result), result.get("skipped", "")]).rstrip(), err=True)
    print_table(HEADERS, [row(result) for result in results])
    if out is not None:
        write_json(describe_run(["gaussrep", *sys.argv[1:]], workloads, results), out)
        typer.echo(f"Results: {out}")


def _workload(name: str) -> Workload:
    if name not in WORKLOADS:
        raise UnknownName(f"There is no workload {name!r}; {nearest(name, WORKLOADS)}")
    return WORKLOADS[name]


def _counts(text: str) -> list[int]:
    if not all(word.strip().isdecimal() and int(word) > 0 for word in text.split(",")):
        raise ConfigError(f"--threads is {text!r}, wanted numbers such as 1,2.")
    return [int(word) for word in text.split(",")]
