"""What the tests of the PyTorch3D plugin say, and how exact and how fast its renderers are."""

from collections import Counter
from typing import Any

from tables.markdown import ABSENT, origin, read_results, table

OUTCOMES = ("passed", "skipped", "failed")
HEAD = (
    "scene", "renderer", "forward / and backward, ms", "times `cpu`", "color: largest, mean",
    "gradients: largest relative difference",
)  # fmt: skip


def contract_table() -> str:
    """How many tests of each class passed, were skipped and failed, and why they were skipped."""
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
        f"{run['seconds']:.0f} s; `python {' '.join(run['command'])}`. Skipped, for a contract "
        f"asks only what a record declares and can run here: {'; '.join(sorted(reasons))}."
    )
    return table(["tests", *OUTCOMES], rows, caption)


def _group(name: str) -> str:
    """`TestPulsar` of `test_contracts.TestPulsar.test_padding[x]`, or the file's name."""
    return name.partition("[")[0].split(".")[-2]


def speed_table() -> str:
    """Times beside the `cpu` renderer's, and differences to the reference."""
    run = read_results("pytorch3d")
    rows = [
        _row(result, name) for result in run["results"] for name in ("cpu", "pytorch3d", "pulsar")
    ]
    threads = run["results"][0]["threads"]
    return table(HEAD, rows, f"Medians; threads: {threads}. {origin(run)}")


def _row(result: dict[str, Any], name: str) -> list[str]:
    ours, theirs = (
        [result[renderer]["times"][each]["median_ms"] for each in ("forward", "forward+backward")]
        for renderer in (name, "cpu")
    )
    ratios = [f"{one / two:,.0f}" for one, two in zip(ours, theirs, strict=True)]
    difference = result[name].get("difference")
    color, gradients = ABSENT, ABSENT
    if difference:
        color = f"{difference['color']['max']:.1g}, {difference['color']['mean']:.1g}"
        gradients = f"{max(difference['gradients'].values()):.1g}"
    times = " / ".join(f"{time:,.0f}" for time in ours)
    return [result["workload"], f"`{name}`", times, " / ".join(ratios), color, gradients]
