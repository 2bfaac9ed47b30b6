"""Measures every cell in a process of its own, and puts the cells side by side."""

from collections.abc import Iterable, Iterator
from typing import Any

from gmae_cost.cell import Cell
from harness.processes import BenchmarkError, run_in_subprocess

HEADERS = (
    "method", "queries", "step ms", "min … max", "of mae", "images/s", "render ms", "share",
    "at limit", "peak MB",
)  # fmt: skip


def run(cells: Iterable[Cell]) -> Iterator[dict[str, Any]]:
    """Measure one cell after the other.

    Args:
        cells: What to measure, the MAE twin first.

    Yields:
        Plain data for JSON: the cell, and either what was measured or why it was not.
    """
    mae_ms = None
    for cell in cells:
        result = {"method": cell.settings["type"], "queries": cell.queries}
        try:
            result |= _with_ratios(run_in_subprocess("gmae_cost.measure", cell.to_json()), mae_ms)
        except BenchmarkError as error:
            yield {**result, "skipped": str(error)}
            continue
        if cell.queries is None:
            mae_ms = result["step"]["median_ms"]
        yield result


def _with_ratios(found: dict[str, Any], mae_ms: float | None) -> dict[str, Any]:
    """Add what the table compares."""
    step = found["step"]["median_ms"]
    if mae_ms is not None:
        found["step_over_mae"] = round(step / mae_ms, 4)
    if "render" in found:
        here, there = (found[name]["median_ms"] for name in ("render", "render_at_limit"))
        found["render_share"] = round(here / step, 5)
        found["render_at_limit_share"] = round(there / (step - here + there), 5)
    return found


def row(result: dict[str, Any]) -> list[str]:
    """One row of the table on the screen.

    Args:
        result: What `run` yields.

    Returns:
        Cells to go under `HEADERS`.
    """
    head = [result["method"], str(result["queries"] or "")]
    if "skipped" in result:
        return [*head, "skipped", *[""] * (len(HEADERS) - 3)]
    step = result["step"]
    ratio = f"{result['step_over_mae']:.3f}" if "step_over_mae" in result else ""
    return [
        *head,
        f"{step['median_ms']:.1f}",
        f"{step['min_ms']:.1f} … {step['max_ms']:.1f}",
        ratio,
        f"{result['images_per_second']:.2f}",
        *_render_cells(result),
        f"{result['peak_mb']:.0f}",
    ]


def _render_cells(result: dict[str, Any]) -> list[str]:
    if "render" not in result:
        return ["", "", ""]
    shares = (result["render_share"], result["render_at_limit_share"])
    return [f"{result['render']['median_ms']:.1f}", *(f"{share:.2%}" for share in shares)]
