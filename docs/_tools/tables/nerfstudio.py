"""Tables of scenes fitted by `ns-train` and `gaussrep fit`, and of initializations."""

from collections.abc import Mapping
from typing import Any

from tables.markdown import ABSENT, origin, read_results, table

SCENES = {
    "balls": ("synthetic", "`synthetic:balls`"),
    "room": ("room", "a real room"),
    "features": (None, "the same with features of `statistics`"),
}
"""By result file of `ns-train`: the name of the scene in fit.json, if present, and its title."""
STARTS = {
    "random": "random",
    "points": "the scene's points",
    "gaussiancross": "GaussianCross's prediction",
}
FRACTIONS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Fractions of the steps at which curves are shown; 0 is the first measurement."""


def fits_table() -> str:
    """Generate the table of held-out PSNR by both programs."""
    fits = {row["scene"]: row for row in _default_rows(read_results("fit")["rows"])}
    rows, run = [], {}
    for name, (scene, title) in SCENES.items():
        run = read_results(f"nerfstudio-{name}")
        found = run["rows"][0]
        other = ABSENT if scene is None else f"{fits[scene]['psnr']:.1f} dB"
        times = f"{found['seconds']:.0f} s; {found['processor_seconds']:.0f} s"
        rows.append([title, str(found["steps"]), other, f"{found['psnr']:.1f} dB", times])
    head = ["scene", "steps", "`gaussrep fit`", "`ns-train gaussrep`", "wall-clock time; CPU time"]
    return table(
        head, rows, f"PSNR of held-out views. {origin(run)}; on a machine with other load."
    )


def starts_table() -> str:
    """Generate the table of held-out PSNR by step for three initializations.

    The last column is the step at which each reaches the final PSNR of the random one.
    """
    run = read_results("nerfstudio-cross")
    rows = {row["name"]: row for row in run["rows"]}
    goal = rows["random"]["psnr"]
    steps = [_at(rows["random"]["curve"], fraction)["step"] for fraction in FRACTIONS[:-1]]
    last = rows["random"]["steps"]
    head = ["start", *(f"{step}" for step in steps), f"{last}", f"steps to {goal:.1f} dB"]
    lines = []
    for name, title in STARTS.items():
        row = rows[name]
        curve = [f"{_at(row['curve'], fraction)['psnr']:.1f}" for fraction in FRACTIONS[:-1]]
        lines.append([title, *curve, f"{row['psnr']:.1f}", _reached(row, goal)])
    caption = f"PSNR of held-out views in dB after the given number of steps. {origin(run)}."
    return table(head, lines, caption)


def _default_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["strategy"] == "default"]


def _at(curve: list[dict[str, Any]], fraction: float) -> Mapping[str, Any]:
    return curve[round(fraction * len(curve))] if fraction else curve[0]


def _reached(row: Mapping[str, Any], goal: float) -> str:
    points = [*row["curve"], {"step": row["steps"], "psnr": row["psnr"]}]
    return next((str(point["step"]) for point in points if point["psnr"] >= goal), ABSENT)
