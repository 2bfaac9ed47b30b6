"""Tables of scenes fitted by `gaussrep fit` and `ns-train`, and of initializations."""

from collections.abc import Mapping, Sequence
from statistics import mean, median
from typing import Any

from tables.markdown import ABSENT, mean_and_deviation, origin, read_results, table

SCENES = {
    "balls": ("synthetic", "`synthetic:balls`"),
    "room": ("room", "a real room"),
    "features": (None, "the same with features of `statistics`"),
}
"""By result file of `ns-train`: the name of the scene in fit.json, if present, and its title."""
CAPTURES = {
    "synthetic": "`synthetic:balls`, 60 views at 128 × 128, random start, 4000 Gaussians",
    "room": "a real room, 100 RGB-D frames at 160 × 120, `calibrate=true`, 12,000 Gaussians",
}
STRATEGIES = ("default", "mcmc")
STARTS = {
    "random": "random",
    "points": "the scene's points",
    "gaussiancross": "GaussianCross's prediction",
}
FRACTIONS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Fractions of the steps at which curves are shown; 0 is the first measurement."""


def fits_table() -> str:
    """Generate the table of held-out PSNR by both programs."""
    fits = read_results("fit")["rows"]
    lines, run = [], {}
    for name, (scene, title) in SCENES.items():
        run = read_results(f"nerfstudio-{name}")
        rows = run["rows"]
        other = ABSENT if scene is None else _fit_cell(fits, scene, "default")
        seconds, spent = (
            f"{median(row[key] for row in rows):.0f} s" for key in ("seconds", "processor_seconds")
        )
        psnr = mean_and_deviation([row["psnr"] for row in rows], 1)
        lines.append([title, str(rows[0]["steps"]), other, f"{psnr} dB", f"{seconds}; {spent}"])
    head = ["scene", "steps", "`gaussrep fit`", "`ns-train gaussrep`", "wall-clock time; CPU time"]
    caption = f"PSNR of held-out views; {_seeds(run)}, median times. {origin(run)}; beside other "
    return table(head, lines, f"{caption}processes.")


def strategies_table() -> str:
    """Generate the table of held-out PSNR of `gaussrep fit` by strategy."""
    run = read_results("fit")
    rows, lines = run["rows"], []
    for scene, title in CAPTURES.items():
        own = [row for row in rows if row["scene"] == scene]
        cells = [_fit_cell(rows, scene, strategy) for strategy in STRATEGIES]
        lines.append([title, str(own[0]["steps"]), *cells, f"{own[0]['mean_color_psnr']:.1f} dB"])
    head = ["scene", "steps", *(f"`{strategy}`" for strategy in STRATEGIES), "mean color"]
    return table(head, lines, f"PSNR of held-out views; {_seeds(run)}. {origin(run)}.")


def starts_table() -> str:
    """Generate the table of held-out PSNR by step for three initializations.

    The last column is the step at which the mean of each reaches the random one's final PSNR.
    """
    run = read_results("nerfstudio-cross")
    curves = {name: _curves(run["rows"], name) for name in STARTS}
    steps = list(curves["random"])
    shown = [steps[round(fraction * (len(steps) - 1))] for fraction in FRACTIONS]
    goal = mean(curves["random"][shown[-1]])
    lines = []
    for name, title in STARTS.items():
        curve = curves[name]
        reached = next((str(step) for step in steps if mean(curve[step]) >= goal), ABSENT)
        lines.append([title, *(mean_and_deviation(curve[step], 1) for step in shown), reached])
    head = ["start", *map(str, shown), f"steps to {goal:.1f} dB"]
    caption = f"PSNR of held-out views in dB after the given number of steps; {_seeds(run)}. "
    return table(head, lines, f"{caption}{origin(run)}.")


def _fit_cell(rows: Sequence[Mapping[str, Any]], scene: str, strategy: str) -> str:
    chosen = [row for row in rows if (row["scene"], row["strategy"]) == (scene, strategy)]
    return f"{mean_and_deviation([row['psnr'] for row in chosen], 1)} dB"


def _curves(rows: Sequence[Mapping[str, Any]], name: str) -> dict[int, list[float]]:
    """Collect the PSNR of all seeds by step."""
    found: dict[int, list[float]] = {}
    for row in rows:
        if row["name"] == name:
            for point in (*row["curve"], {"step": row["steps"], "psnr": row["psnr"]}):
                found.setdefault(point["step"], []).append(point["psnr"])
    return found


def _seeds(run: Mapping[str, Any]) -> str:
    count = len({row.get("seed") for row in run["rows"]})
    return f"means and standard deviations of {count} seeds" if count > 1 else "one seed"
