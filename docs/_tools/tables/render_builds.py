"""Table of the speed of the `cpu` renderer before and after its vector widths."""

from typing import Any

from tables.markdown import origin, read_results, table

HEAD = ("scene", "lanes", "commit", "forward", "ratio", "forward and backward", "ratio")
RUNS = {
    "render-builds": 16,
    "render-builds-features": 16,
    "render-builds-sh": 16,
    "render-builds-haswell": 8,
}
"""Lanes of each file's run."""
PASSES = ("forward", "forward+backward")


def render_builds_table() -> str:
    """Generate the table of processor times of two builds."""
    runs = {name: read_results(name) for name in RUNS}
    rows = [row for name, run in runs.items() for row in _rows(run, RUNS[name])]
    old = _commit(runs["render-builds"], "old")
    caption = (
        "Milliseconds of processor time with one thread, of whole calls by turns, the shortest of "
        f"each build: commit {old} → that of the row; other programs ran at the same time."
    )
    command = "python benchmarks/render_builds.py --old CHECKOUT"
    return table(HEAD, rows, f"{caption} {origin(runs['render-builds'])}; `{command}`")


def _commit(run: dict[str, Any], build: str) -> str:
    return run["builds"][build]["machine"]["commit"][:7]


def _rows(run: dict[str, Any], lanes: int) -> list[list[str]]:
    found = {(r["workload"], r["pass"]): r for r in run["results"]}
    return [
        [
            name,
            str(lanes),
            _commit(run, "new"),
            *(cell for each in PASSES for cell in _cells(found[name, each])),
        ]
        for name in dict.fromkeys(r["workload"] for r in run["results"])
    ]


def _cells(result: dict[str, Any]) -> tuple[str, str]:
    old, new = result["old"]["min_ms"], result["new"]["min_ms"]
    return f"{old:,.1f} → {new:,.1f}", f"{result['ratio_of_min']:.2f}"
