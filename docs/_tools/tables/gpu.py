"""Tables of the results of `benchmarks/on_gpu.sh`, or a sentence in the place of each."""

from typing import Any

from tables import markdown
from tables.markdown import ABSENT, origin, table

UNMEASURED = "*Not measured on a GPU yet: `benchmarks/on_gpu.sh` writes the results.*"
SPEED = (
    "scene", "`triton`, ms", "`gsplat`, ms", "ratio", "peak MB, both", "color, largest difference",
)  # fmt: skip
PASSES = ("forward", "forward+backward")


def gpu_speed_table() -> str:
    """Generate the table of `triton` beside `gsplat`."""
    run = _read("speed")
    if run is None:
        return UNMEASURED
    rows = [_speed_cells(result) for result in run["results"]]
    caption = "Forward / forward and backward, medians; ratios are times of gsplat by triton's"
    return table(SPEED, rows, f"{caption}. {origin(run, 'cuda')}; `benchmarks/on_gpu.sh`")


def _read(name: str) -> dict[str, Any] | None:
    present = (markdown.RESULTS / "gpu" / f"{name}.json").exists()
    return markdown.read_results(f"gpu/{name}") if present else None


def _speed_cells(result: dict[str, Any]) -> list[str]:
    renderers = [result.get(name, {}) for name in ("triton", "gsplat")]
    times = (_pair(found) for found in renderers)
    ratios = (f"{result.get('ratio', {}).get(name, ABSENT)}" for name in PASSES)
    peaks = (str(found.get("peak_mb", ABSENT)) for found in renderers)
    color = result.get("difference", {}).get("color")
    largest = ABSENT if color is None else f"{color['max']:.0e}"
    return [result["workload"], *times, " / ".join(ratios), " / ".join(peaks), largest]


def _pair(found: dict[str, Any]) -> str:
    times = (found[name]["median_ms"] if name in found else None for name in PASSES)
    return " / ".join(ABSENT if time is None else f"{time:,.2f}" for time in times)


def gpu_training_table() -> str:
    """Generate the table of training on a GPU: steps, and CIFAR-10 for a few minutes."""
    steps, scenes, cifar = (_read(name) for name in ("gmae-step", "scene-step", "cifar"))
    rows = [*_step_rows(steps), *_scene_rows(scenes), *_cifar_rows(cifar)]
    run = steps or scenes or cifar
    if run is None:
        return UNMEASURED
    return table(("what", "value"), rows, f"{origin(run, 'cuda')}; `benchmarks/on_gpu.sh`")


def _step_rows(run: dict[str, Any] | None) -> list[list[str]]:
    if run is None:
        return []
    chosen = run["settings"]
    what = f"ViT-{chosen['size'].capitalize()}, {chosen['precision']}, batch {chosen['batch']}"
    rows = []
    for result in run["results"]:
        if "skipped" in result:
            continue
        share = f", rendering {result['render_share']:.2%} of it" if "render" in result else ""
        time = f"{result['step']['median_ms']:,.1f} ms{share}, {result['peak_mb']:,.0f} MB"
        rows.append([f"step of {result['method'].upper()}, {what}", time])
    return rows


def _scene_rows(run: dict[str, Any] | None) -> list[list[str]]:
    if run is None:
        return []
    found = run["results"]
    time = f"{found['step']['median_ms']:,.1f} ms, {found['peak_mb']:,.0f} MB"
    return [["step of GaussianCross, preset `paper` with another teacher", time]]


def _cifar_rows(run: dict[str, Any] | None) -> list[list[str]]:
    return [
        [
            f"{name.upper()} on CIFAR-10 for {found['seconds']:,.0f} s: linear probe",
            f"{found['top1']} % after {found['epochs']} epochs, {found['untrained']} % before",
        ]
        for name, found in (run or {"results": {}})["results"].items()
    ]
