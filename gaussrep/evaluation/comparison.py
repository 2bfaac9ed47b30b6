"""Compare runs that differ in a setting, paired over their seeds. Never imports torch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaussrep.config.yaml_text import read_yaml
from gaussrep.errors import RunError, UnavailableError
from gaussrep.runtime.plain_files import read_json
from gaussrep.training.data_places import flat_settings
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.run_list import list_runs

SEEDS = ("seed", "method.seed")
"""Settings in which the runs of a group differ."""


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that differ only in their seed.

    Attributes:
        name: The settings in which the groups differ.
        runs: Metrics by seed, each the latest of a run, by name.
    """

    name: str
    runs: Mapping[int, Mapping[str, float]]

    @property
    def metrics(self) -> set[str]:
        """Names of the metrics that all runs have."""
        return set.intersection(*(set(each) for each in self.runs.values()))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one group, compared with the first group.

    Attributes:
        metric: Its name.
        group: The group's name.
        seeds: The seeds, in order; those that both groups have, except for the first group.
        values: The metric of each.
        mean: Their mean.
        difference: Mean of the group's minus the first group's, by seed; None for the first group
            and if fewer than two seeds are in both.
        low: Lower end of the 95 % interval of the difference, by Student's t.
        high: Upper end of it.
        is_equivalent: Whether two one-sided t-tests at 5 % reject a difference beyond the margin;
            None without a margin.
    """

    metric: str
    group: str
    seeds: Sequence[int]
    values: Sequence[float]
    mean: float
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    is_equivalent: bool | None = None


def read_groups(folders: Sequence[Path]) -> list[RunGroup]:
    """Read finished runs, and group those that differ only in their seed.

    Args:
        folders: Runs, and folders of runs.

    Returns:
        Groups in the order of their first runs.

    Raises:
        RunError: There is no run, one is not finished or damaged, or two have equal settings and
            seeds.
    """
    settings: dict[str, dict[str, Any]] = {}
    runs: dict[str, dict[int, dict[str, float]]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise RunError(f"there is no folder {folder}; give runs, or folders of runs")
        for found in list_runs(folder):
            if found.state != "finished":
                raise RunError(
                    f"{found.path} is {found.state} at step {found.step}; compare finished runs"
                )
            run = RunFolder(found.path)
            config = dict(flat_settings(dict(read_yaml(run.config_file))))
            seed = config.get("seed", 0)
            if not isinstance(seed, int):
                raise RunError(f"{run.config_file}: seed is {seed!r}, expected a whole number")
            key = json.dumps({k: config[k] for k in sorted(config) if k not in SEEDS}, default=str)
            group = runs.setdefault(key, {})
            if seed in group:
                raise RunError(f"{found.path} has the settings and the seed {seed} of another run")
            settings[key] = config
            group[seed] = {**found.metrics, **_evaluated(run)}
    if not runs:
        raise RunError(f"there are no runs in {', '.join(map(str, folders))}")
    names = _names(list(settings.values()))
    return [RunGroup(name, each) for name, each in zip(names, runs.values(), strict=True)]


def compare_groups(
    groups: Sequence[RunGroup], metrics: Sequence[str], margin: float | None = None
) -> list[Comparison]:
    """Compare each group with the first one, paired over the seeds of both.

    Args:
        groups: At least one.
        metrics: Names of metrics that all runs have.
        margin: Largest difference that counts as equal, for the equivalence test.

    Returns:
        One comparison per metric and group.

    Raises:
        RunError: A run lacks a metric.
        UnavailableError: SciPy is not installed.
    """
    common = set.intersection(*(group.metrics for group in groups))
    for metric in metrics:
        if metric not in common:
            raise RunError(f"not all runs have {metric!r}; all have {', '.join(sorted(common))}")
    return [
        _compare(metric, group, None if group is groups[0] else groups[0], margin)
        for metric in metrics
        for group in groups
    ]


def _compare(
    metric: str, group: RunGroup, first: RunGroup | None, margin: float | None
) -> Comparison:
    seeds = sorted(group.runs if first is None else group.runs.keys() & first.runs.keys())
    values = [group.runs[seed][metric] for seed in seeds]
    mean = sum(values) / len(values) if values else float("nan")
    if first is None or len(seeds) < 2:
        return Comparison(metric, group.name, seeds, values, mean)
    try:
        from gaussrep.evaluation.intervals import is_equivalent, paired_difference
    except ModuleNotFoundError as error:
        raise UnavailableError(
            'comparing runs needs SciPy: pip install "gaussrep[evaluation]"'
        ) from error
    others = [first.runs[seed][metric] for seed in seeds]
    found = paired_difference(values, others)
    return Comparison(
        metric,
        group.name,
        seeds,
        values,
        mean,
        found.mean,
        found.low,
        found.high,
        None if margin is None else is_equivalent(values, others, margin),
    )


def _evaluated(run: RunFolder) -> dict[str, float]:
    """Read the scores of `gaussrep evaluate`: those of the method, `NAME/COLUMN`."""
    found: dict[str, float] = {}
    for file in sorted((run.path / "evaluations").glob("*.json")):
        try:
            own = next(iter(read_json(file)["scores"].values()))
            found |= {f"{file.stem}/{name}": float(value) for name, value in own.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, StopIteration) as error:
            raise RunError(f"{file} is damaged; evaluate the run again") from error
    return found


def _names(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name groups by the settings in which they differ."""
    keys = sorted({key for each in settings for key in each} - set(SEEDS))
    values = {key: {json.dumps(each.get(key), default=str) for each in settings} for key in keys}
    differing = [key for key in keys if len(values[key]) > 1]
    if not differing:
        return [str(each.get("method.type", "runs")) for each in settings]
    return [
        " ".join(f"{key}={each[key]}" for key in differing if key in each) or "default"
        for each in settings
    ]
