"""The contents and the rows that a benchmark leaves behind."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from gaussrep.runtime.machine import describe_machine
from harness import measure, pairs
from harness.workloads import Workload

RATE_DEFINITION = (
    "multiply_adds_per_second: float32 multiply-adds of one core in its registers, with vectors "
    "of `lanes` numbers, the best of several measurements in the process that was timed, right "
    "after its calls, in processor time. pairs_per_thousand: pairs of whole calls in the time in "
    "which the core of each thread does a thousand multiply-adds."
)

HEADERS = (
    "workload", "renderer", "pass", "threads", "median ms", "min … max", "G pairs/s", "peak MB",
    "pairs/1000 fma",
)  # fmt: skip


def row(result: dict[str, Any]) -> list[str]:
    """One row of the table on the screen.

    Args:
        result: What `Table.run` yields.

    Returns:
        Cells to go under `HEADERS`.
    """
    head = [result["workload"], result["renderer"], result["pass"], str(result["threads"])]
    if "skipped" in result:
        return [*head, "skipped", "", "", "", ""]
    return [
        *head,
        f"{result['median_ms']:.1f}",
        f"{result['min_ms']:.1f} … {result['max_ms']:.1f}",
        f"{result['pairs_per_second'] / 1e9:.3f}",
        f"{result['peak_mb']:.0f}",
        f"{result['pairs_per_thousand']:.1f}" if "pairs_per_thousand" in result else "",
    ]


def describe_run(
    command: Sequence[str], workloads: Sequence[Workload], results: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Everything about a run.

    Args:
        command: The command line.
        workloads: The scenes that were timed.
        results: What `Table.run` yielded.

    Returns:
        Plain data for JSON.
    """
    return {
        **describe_origin(command),
        "definitions": {
            "times": measure.DEFINITION,
            "pairs": pairs.DEFINITION,
            "rate": RATE_DEFINITION,
        },
        "workloads": {workload.name: asdict(workload) for workload in workloads},
        "results": list(results),
    }


def describe_origin(command: Sequence[str]) -> dict[str, Any]:
    """When, how and on what something is measured.

    Args:
        command: The command line.

    Returns:
        Plain data for JSON.
    """
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        "machine": describe_machine(),
    }
