"""Scenes that `ns-train` fitted, beside what `gaussrep fit` makes of them, and starts compared."""

from collections.abc import Mapping
from typing import Any

from tables.markdown import ABSENT, origin, read_results, table

SCENES = {
    "balls": ("synthetic", "`synthetic:balls`"),
    "room": ("room", "a real room"),
    "features": (None, "the same with features of `statistics`"),
}
"""Files of `ns-train`; what fit.json calls the same scene, where it is there; titles."""
STARTS = {
    "random": "random",
    "points": "the scene's points",
    "gaussiancross": "GaussianCross's prediction",
}
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of the steps that the curves are shown at; the first is the first measurement."""


def fits_table() -> str:
    """Held-out PSNR of two scenes, by both programs."""
    fits = {row["scene"]: row for row in _default_rows(read_results("fit")["rows"])}
    rows, run = [], {}
    for name, (scene, title) in SCENES.items():
        run = read_results(f"nerfstudio-{name}")
        found = run["rows"][0]
        other = ABSENT if scene is None else f"{fits[scene]['psnr']:.1f} dB"
        times = f"{found['seconds']:.0f} s; {found['processor_seconds']:.0f} s"
        rows.append([title, str(found["steps"]), other, f"{found['psnr']:.1f} dB", times])
    head = ["scene", "steps", "`gaussrep fit`", "`ns-train gaussrep`", "by the clock; of one core"]
    return table(head, rows, f"PSNR of held-out views. {origin(run)}; other work ran beside it.")


def starts_table() -> str:
    """Held-out PSNR over the steps from three starts, and when each gets where random ended."""
    run = read_results("nerfstudio-cross")
    rows = {row["name"]: row for row in run["rows"]}
    goal = rows["random"]["psnr"]
    steps = [_at(rows["random"]["curve"], share)["step"] for share in SHARES[:-1]]
    last = rows["random"]["steps"]
    head = ["start", *(f"{step}" for step in steps), f"{last}", f"steps to {goal:.1f} dB"]
    lines = []
    for name, title in STARTS.items():
        row = rows[name]
        curve = [f"{_at(row['curve'], share)['psnr']:.1f}" for share in SHARES[:-1]]
        lines.append([title, *curve, f"{row['psnr']:.1f}", _reached(row, goal)])
    return table(head, lines, f"PSNR of held-out views in dB after so many steps. {origin(run)}.")


def _default_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["strategy"] == "default"]


def _at(curve: list[dict[str, Any]], share: float) -> Mapping[str, Any]:
    return curve[round(share * len(curve))] if share else curve[0]


def _reached(row: Mapping[str, Any], goal: float) -> str:
    points = [*row["curve"], {"step": row["steps"], "psnr": row["psnr"]}]
    return next((str(point["step"]) for point in points if point["psnr"] >= goal), ABSENT)
