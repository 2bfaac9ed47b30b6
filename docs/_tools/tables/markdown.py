"""Read results and format tables."""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"
ABSENT = "–"


def read_results(name: str) -> dict[str, Any]:
    """Read the results of a benchmark from `results/<name>.json`."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Format a table with a caption."""
    lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
    return "\n".join([*lines, "", f"*{caption}*"])


def mean_and_deviation(values: Sequence[float], decimals: int) -> str:
    """Format a mean, and of several values their sample standard deviation."""
    mean = f"{statistics.mean(values):.{decimals}f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.{decimals}f}"


def origin(run: Mapping[str, Any], device: str = "cpu") -> str:
    """Describe the machine and the date of a measurement."""
    machine = run["machine"]
    cpu = f"{machine['cpu']}, {machine['cores']} cores"
    place = machine["gpus"][0] if device == "cuda" else cpu
    return f"{place}; {run['date'][:10]}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
