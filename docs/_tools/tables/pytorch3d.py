"""Tables of test outcomes, accuracy and speed of the PyTorch3D plugin."""

from collections import Counter
from typing import Any

from tables.markdown import ABSENT, origin, read_results, table

OUTCOMES = ("passed", "skipped", "failed")
HEAD = (
    "scene", "renderer", "forward / and backward, ms", "times `cpu`", "color: largest, mean",
    "gradients: largest relative difference",
)  # fmt: skip


def contract_table() -> str:
    """Generate the table of passed, skipped and failed tests per class, with skip reasons."""
    run = read_results("pytorch3d-contract")
    groups: dict[str, Counter[str]] = {}
    for name, test in run["tests"].items():
        groups.setdefault(_group(name), Counter())[test["outcome"]] += 1
    rows = [
        [f"`{group}`", *(str(counts[outcome]) for outcome in OUTCOMES)]
        for group, counts in groups.items()
    ]
    reasons = {t["reason"] for t in run["tests"].values() if t["outcome"] == "skipped"}
    machine = run["machine"]
    caption = (
        f"PyTorch3D {machine['pytorch3d']}, torch {machine['torch']}; {origin(run)}; "
        f"{run['seconds']:.0f} s; `python {' '.join(run['command'])}`. A contract skips "
        f"capabilities that a record does not declare or that cannot run here: "
        f"{'; '.join(sorted(reasons))}."
    )
    return table(["tests", *OUTCOMES], rows, caption)


def _group(name: str) -> str:
    """Return `TestPulsar` for `test_contracts.TestPulsar.test_padding[x]`, else the file name."""
    return name.partition("[")[0].split(".")[-2]


def speed_table() -> str:
    """Generate the table of times relative to `cpu` and differences from `reference`."""
    run = read_results("pytorch3d")
    rows = [
        _row(result, name) for result in run["results"] for name in ("cpu", "pytorch3d", "pulsar")
    ]
    threads = run["results"][0]["threads"]
    return table(HEAD, rows, f"Medians; threads: {threads}. {origin(run)}")


def _row(result: dict[str, Any], name: str) -> list[str]:
    own_times, cpu_times = (
        [result[renderer]["times"][each]["median_ms"] for each in ("forward", "forward+backward")]
        for renderer in (name, "cpu")
    )
    ratios = [f"{one / two:,.0f}" for one, two in zip(own_times, cpu_times, strict=True)]
    difference = result[name].get("difference")
    color, gradients = ABSENT, ABSENT
    if difference:
        color = f"{difference['color']['max']:.1g}, {difference['color']['mean']:.1g}"
        gradients = f"{max(difference['gradients'].values()):.1g}"
    times = " / ".join(f"{time:,.0f}" for time in own_times)
    return [result["workload"], f"`{name}`", times, " / ".join(ratios), color, gradients]
