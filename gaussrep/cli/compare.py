"""`gaussrep compare`: compare runs, paired over their seeds."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gaussrep.cli.checks import require_output
from gaussrep.errors import ConfigError, UnavailableError
from gaussrep.runtime.atomic_files import atomic_write
from gaussrep.runtime.console import print_table
from gaussrep.training.metrics_table import MACHINE_COLUMNS

if TYPE_CHECKING:
    from gaussrep.evaluation.comparison import Comparison

HEADERS = ("metric", "runs", "seeds", "mean", "difference", "95 % interval", "equivalent")
SUFFIXES = (".json", ".csv", ".png")
NO_SCORES = MACHINE_COLUMNS | {"lr", "epoch"}


def compare(
    folders: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Finished runs, or folders of runs.")
    ],
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Metric to compare, such as val_loss; by default all. May be repeated."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="Largest difference of the metric that counts as none."),
    ] = None,
    out: Annotated[
        list[Path] | None, typer.Option(help="Also write .json, .csv or .png. May be repeated.")
    ] = None,
) -> None:
    """Compare runs that differ in a setting, paired over the seeds that both were trained with.

    Runs that differ in their seed alone are a group; each group is compared with that of the first
    run. Metrics are the latest of `metrics.csv`, and the scores of `gaussrep evaluate`.
    """
    from gaussrep.evaluation.comparison import compare_groups, read_groups

    files = out or []
    for file in files:
        require_output("--out", file)
        if file.suffix.lower() not in SUFFIXES:
            raise ConfigError(f"--out is {file}; expected one of {', '.join(SUFFIXES)}")
    if margin is not None and (margin <= 0 or len(metric or []) != 1):
        raise ConfigError("--margin is a positive number in the unit of one --metric; give both")
    groups = read_groups(folders)
    common = set.intersection(*(group.metrics for group in groups)) - NO_SCORES
    found = compare_groups(groups, metric or sorted(common), margin)
    print_table(HEADERS, [_cells(each) for each in found])
    for file in files:
        _write(found, file)


def _cells(row: "Comparison") -> list[str]:
    interval, equivalent = "", ""
    if row.low is not None and row.high is not None:
        interval = f"{row.low:+.4g} to {row.high:+.4g}"
    if row.is_equivalent is not None:
        equivalent = "yes" if row.is_equivalent else "not shown"
    difference = "" if row.difference is None else f"{row.difference:+.4g}"
    cells = [row.metric, row.group, str(len(row.seeds)), f"{row.mean:.5g}"]
    return [*cells, difference, interval, equivalent]


def _write(rows: Sequence["Comparison"], file: Path) -> None:
    records = [asdict(row) for row in rows]
    with atomic_write(file) as temporary:
        if file.suffix.lower() == ".json":
            temporary.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
        elif file.suffix.lower() == ".csv":
            with temporary.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, list(records[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(records)
        else:
            _draw(rows, temporary)


def _draw(rows: Sequence["Comparison"], file: Path) -> None:
    """Draw the differences by seed, their means and intervals, one chart per metric."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise UnavailableError('a .png needs matplotlib: pip install "gaussrep[report]"') from error
    metrics = list(dict.fromkeys(row.metric for row in rows))
    groups = list(dict.fromkeys(row.group for row in rows))
    figure = Figure(figsize=(7, len(metrics) * (0.8 + 0.35 * len(groups))), layout="constrained")
    charts = figure.subplots(len(metrics), squeeze=False)[:, 0]
    for axes, metric in zip(charts, metrics, strict=True):
        first, *others = [row for row in rows if row.metric == metric]
        by_seed = dict(zip(first.seeds, first.values, strict=True))
        axes.axvline(0, color="0.6", linewidth=1)
        for place, row in enumerate(others):
            differences = [v - by_seed[s] for s, v in zip(row.seeds, row.values, strict=True)]
            axes.plot(differences, [place] * len(differences), ".", color="0.5")
            if row.difference is not None and row.low is not None:
                half = row.difference - row.low
                axes.errorbar(row.difference, place, xerr=half, fmt="o", color="C0", capsize=3)
        axes.set_yticks(range(len(others)), [row.group for row in others])
        axes.set_ylim(len(others) - 0.5, -0.5)
        axes.set_xlabel(f"{metric}: difference to {first.group}")
    FigureCanvasAgg(figure).print_png(str(file))
