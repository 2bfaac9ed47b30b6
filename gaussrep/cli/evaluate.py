"""`gaussrep evaluate`: evaluate a trained method."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from gaussrep import plugins
from gaussrep.cli.checks import require_output, require_output_folder
from gaussrep.cli.loading import loading
from gaussrep.cli.options import RunArgument, TrustOption
from gaussrep.cli.plugin_commands import component_names
from gaussrep.config.preflight import preflight
from gaussrep.errors import ConfigError, UnavailableError
from gaussrep.runtime.console import Progress, print_table
from gaussrep.runtime.cuda_driver import require_device


def evaluate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Evaluation; see gaussrep plugins.")],
    run: RunArgument,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Settings, such as data=cifar10 k=10."),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="One of the evaluation's own presets.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")] = "auto",
    out: Annotated[
        Path | None,
        typer.Option(help="JSON file to write; RUN/evaluations/NAME.json by default; overwritten."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="Further weights of the run, such as ema; the trained ones by default."),
    ] = None,
    trust: TrustOption = None,
) -> None:
    """Evaluate a trained method; print the scores, and write them as JSON."""
    evaluations = component_names("evaluations")
    if str(run) in evaluations and name not in evaluations:
        raise ConfigError(f"the evaluation comes first: gaussrep evaluate {run} {name}")
    if out is not None and out.suffix.lower() != ".json":
        raise ConfigError(f"--out is {out}; scores are JSON: name it *.json")
    from gaussrep.evaluation.resolve import evaluation_config_of_run, scores_file
    from gaussrep.training.run_folder import RunFolder

    folder = RunFolder.open(run)
    config = evaluation_config_of_run(folder, name, overrides or [], weights, preset)
    require_device("--device", device)
    folder.weights(weights)
    if out is None:
        require_output_folder("RUN", scores_file(folder, name, weights).parent)
    else:
        require_output("--out", out)
    preflight(config)
    component = plugins.find("evaluations", name)
    if reason := component.unavailable_reason:
        raise UnavailableError(f"{component} {reason}")

    with loading(f"evaluate {run}"):
        from gaussrep.evaluation import evaluate as evaluate_run
        from gaussrep.evaluation.baselines import LEGEND

    with Progress(f"evaluating {name}"):
        scores = evaluate_run(
            run, name, overrides or [], device, out, weights, preset, trust=trust or []
        )
    if os.environ.get("RANK", "0") != "0":  # one process prints
        return
    print_scores(scores.rows)
    for row, meaning in LEGEND.items():
        if row in scores.rows:
            typer.echo(f"{row}: {meaning}")
    typer.echo(f"Scores: {out or scores_file(folder, name, weights)}")


def print_scores(rows: Mapping[str, Mapping[str, float]]) -> None:
    """Print a table of scores.

    Args:
        rows: Scores by column, by row; a row may lack columns.
    """
    columns = list(dict.fromkeys(column for values in rows.values() for column in values))
    cells = [
        [row, *(f"{values[column]:.4g}" if column in values else "" for column in columns)]
        for row, values in rows.items()
    ]
    print_table(["", *columns], cells)
