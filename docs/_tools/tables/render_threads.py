"""Table of the speed-up of the `cpu` renderer with a second thread, from `render-threads.json`."""

from typing import Any

from tables.markdown import origin, read_results, table

CALLS = ("forward", "forward+backward", "arithmetic")
KINDS = ("min_ms", "median_ms")
HEAD = ("scene", "call", "1 thread", "2 threads", "speed-up")


def render_threads_table() -> str:
    """Generate the table of alternating calls with one thread and with two."""
    run = read_results("render-threads")
    rows = [_cells_of(result, each) for result in run["results"] for each in CALLS]
    caption = "Milliseconds of alternating calls, minimum / median."
    return table(HEAD, rows, f"{caption} {origin(run)}; `python benchmarks/threads.py`")


def _cells_of(result: dict[str, Any], each: str) -> list[str]:
    timed = result[each]
    times = (" / ".join(f"{timed[threads][kind]:,.1f}" for kind in KINDS) for threads in "12")
    speedup = " / ".join(f"{timed['speedup'][kind]:.2f}" for kind in KINDS)
    return [result["workload"], each.replace("+", " and "), *times, speedup]
