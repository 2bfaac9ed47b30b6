"""Time the renderers on this machine: `python benchmarks/render.py [--out OUT.json] …`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gaussrep import plugins
from gaussrep.errors import UnknownNameError
from gaussrep.plugins.suggestions import suggest
from gaussrep.runtime.console import print_table
from harness.lanes import environment_for
from harness.options import counts, require_folder_of, run_script
from harness.workloads import TILED, WORKLOADS, Workload


def main(
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
    width: Annotated[
        int | None,
        typer.Option(
            help="Lanes of the vectors of the renderer cpu: 4, 8 or 16; by default this machine's."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file to write; overwritten.")] = None,
) -> None:
    """Time renderers on scenes of many sizes, each measurement in a process of its own."""
    workloads = [_workload(name) for name in workload or WORKLOADS]
    threads_list = counts("--threads", threads)
    for name in renderer or ():
        if name != TILED:
            plugins.find("renderers", name)
    require_folder_of(out)
    if width is not None:
        os.environ.update(environment_for(width))

    from gaussrep.runtime.atomic_files import write_json
    from harness.report import HEADERS, describe_run, row
    from harness.table import Table

    names = renderer or [*(c.name for c in plugins.list("renderers")), TILED]
    results = []
    for result in Table(workloads, names, threads_list, repeats, limit).run():
        results.append(result)
        typer.echo("  ".join([*row(result), result.get("skipped", "")]).rstrip(), err=True)
    print_table(HEADERS, [row(result) for result in results])
    if out is not None:
        write_json(describe_run(sys.argv, workloads, results), out)
        typer.echo(f"Results: {out}")


def _workload(name: str) -> Workload:
    if name not in WORKLOADS:
        raise UnknownNameError(f"There is no workload {name!r}; {suggest(name, WORKLOADS)}")
    return WORKLOADS[name]


if __name__ == "__main__":
    run_script(main)
