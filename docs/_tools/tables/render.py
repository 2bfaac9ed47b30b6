"""Table of the speed of the `cpu` renderer, from `render.json` and `render-torch.json`."""

from typing import Any

from tables.markdown import ABSENT, origin, read_results, table

HEAD = (
    "scene", "`cpu`, 1 thread", "`cpu`, 2 threads", "G pairs/s", "peak MB",
    "tiles in torch, 2 threads", "`reference`, 2 threads",
)  # fmt: skip

Cells = dict[tuple[str, str, str, int], dict[str, Any]]


def render_table() -> str:
    """Generate the table of times of the `cpu` renderer and of plain torch on one machine."""
    runs = read_results("render"), read_results("render-torch")
    cells: Cells = {
        (r["workload"], r["renderer"], r["pass"], r["threads"]): r
        for run in runs
        for r in run["results"]
    }
    rows = [_cells_of(cells, name, scene) for name, scene in runs[0]["workloads"].items()]
    commands = ", ".join(f"`{' '.join(run['command'][:3])} …`" for run in runs)
    times = "Milliseconds, forward / forward and backward, medians."
    return table(HEAD, rows, f"{times} {origin(runs[0])}; {commands}")


def _cells_of(cells: Cells, name: str, scene: dict[str, Any]) -> list[str]:
    images = f"{scene['batch'] * scene['views']} × " if scene["batch"] * scene["views"] > 1 else ""
    channels = f", {scene['channels']} channels" if scene["channels"] != 3 else ""
    size = f"{scene['width']}×{scene['height']}"
    both = cells.get((name, "cpu", "forward+backward", 2), {})
    forward = cells.get((name, "cpu", "forward", 2), {})
    rate = f"{forward['pairs_per_second'] / 1e9:.2f}" if "pairs_per_second" in forward else ABSENT
    return [
        f"{name}: {images}{scene['count']:,} Gaussians, {size}{channels}",
        _pair(cells, name, "cpu", 1),
        _pair(cells, name, "cpu", 2),
        rate,
        f"{both['peak_mb']:,.0f}" if "peak_mb" in both else ABSENT,
        _pair(cells, name, "tiled-torch", 2),
        _pair(cells, name, "reference", 2),
    ]


def _pair(cells: Cells, name: str, renderer: str, threads: int) -> str:
    passes = (cells.get((name, renderer, p, threads), {}) for p in ("forward", "forward+backward"))
    return " / ".join(f"{c['median_ms']:,.1f}" if "median_ms" in c else ABSENT for c in passes)
