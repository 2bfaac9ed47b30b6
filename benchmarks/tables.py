"""Tables of the documentation, made from the JSON files in `results` when pages are built."""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
MARK = "<!-- table: render -->"

Cells = dict[tuple[str, str, str, int], dict[str, Any]]


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the tables where a page marks their place (a hook of mkdocs)."""
    return markdown.replace(MARK, render_table()) if MARK in markdown else markdown


def render_table() -> str:
    """Milliseconds of the `cpu` renderer beside plain torch, and the machine they are from.

    Returns:
        Markdown, from `render.json` and `render-torch.json`, two runs on one machine.
    """
    run, torch_run = (
        json.loads((RESULTS / name).read_text(encoding="utf-8"))
        for name in ("render.json", "render-torch.json")
    )
    cells: Cells = {
        (r["workload"], r["renderer"], r["pass"], r["threads"]): r
        for r in run["results"] + torch_run["results"]
    }
    head = [
        "scene", "`cpu`, 1 thread", "`cpu`, 2 threads", "G pairs/s", "peak MB",
        "tiles in torch, 2 threads", "`reference`, 2 threads",
    ]  # fmt: skip
    lines = [_row(head), _row(["---"] * len(head))]
    lines += [_row(_cells_of(cells, name, scene)) for name, scene in run["workloads"].items()]
    machine = run["machine"]
    about = f"{machine['cpu']}, {machine['cores']} cores; {run['date'][:10]}"
    commands = ", ".join(f"`{' '.join(each['command'][:3])} …`" for each in (run, torch_run))
    caption = f"*Milliseconds, forward / forward and backward, medians. {about}; {commands}*"
    return "\n".join([*lines, "", caption])


def _cells_of(cells: Cells, name: str, scene: dict[str, Any]) -> list[str]:
    images = f"{scene['batch'] * scene['views']} × " if scene["batch"] * scene["views"] > 1 else ""
    channels = f", {scene['channels']} channels" if scene["channels"] != 3 else ""
    size = f"{scene['width']}×{scene['height']}"
    both = cells.get((name, "cpu", "forward+backward", 2), {})
    forward = cells.get((name, "cpu", "forward", 2), {})
    rate = f"{forward['pairs_per_second'] / 1e9:.2f}" if "pairs_per_second" in forward else "–"
    return [
        f"{name}: {images}{scene['count']:,} Gaussians, {size}{channels}",
        _pair(cells, name, "cpu", 1),
        _pair(cells, name, "cpu", 2),
        rate,
        f"{both['peak_mb']:,.0f}" if "peak_mb" in both else "–",
        _pair(cells, name, "tiled-torch", 2),
        _pair(cells, name, "reference", 2),
    ]


def _pair(cells: Cells, name: str, renderer: str, threads: int) -> str:
    passes = (cells.get((name, renderer, p, threads), {}) for p in ("forward", "forward+backward"))
    return " / ".join(f"{c['median_ms']:,.1f}" if "median_ms" in c else "–" for c in passes)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
