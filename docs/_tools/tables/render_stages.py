"""Table of the time per stage of the `cpu` renderer, from `render.json`."""

from typing import Any

from tables.markdown import origin, read_results, table

STAGES = {
    "project": "project",
    "bin_tiles": "sort and bin",
    "composite": "composite",
    "composite_backward": "composite, backward",
    "project_backward": "project, backward",
}
"""Column titles by kernel name."""

SCENES = ("b16-n256", "b16-n1024", "n100k", "garden")
"""Two batches, one large image, and a real scene."""


def render_stages_table() -> str:
    """Generate the table of milliseconds per stage, with one thread and with two."""
    run = read_results("render")
    cells = [row for row in run["results"] if row["pass"] == "forward+backward"]
    head = ("scene", "threads", *STAGES.values(), "whole call")
    rows = [_cells_of(cell) for cell in cells if cell["workload"] in SCENES]
    caption = "Milliseconds of forward and backward: stages means, whole calls medians."
    return table(head, rows, f"{caption} {origin(run)}; `{' '.join(run['command'])}`")


def _cells_of(cell: dict[str, Any]) -> list[str]:
    stages = [f"{cell['stages_ms'][name]:,.1f}" for name in STAGES]
    return [cell["workload"], str(cell["threads"]), *stages, f"{cell['median_ms']:,.1f}"]
