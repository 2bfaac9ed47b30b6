"""Time the renderer `cpu` of two checkouts by turns, so that both see the same machine.

python benchmarks/render_builds.py --old CHECKOUT --cpu haswell --out OUT.json
"""

import json
import os
import statistics
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.options import require_folder_of, run_script
from harness.workloads import WORKLOADS, Workload

DEFINITION = (
    "Processor times of whole calls of gaussrep.render, of two checkouts in a process each, by "
    "turns; the first call of a turn does not count. ratio: the old build's median over the new "
    "build's; ratio_of_min: of the shortest times, which a busy machine changes least. load: "
    "processes that ran or waited, averages of the last minute, before and after. stages_ms: "
    "wall-clock times of the stages of calls of the same kind, means."
)
BENCHMARKS = Path(__file__).parent
CALLS = 3
PASSES = {"forward": False, "forward+backward": True}
SH = Workload("n1m-sh", 1, 1, 1_000_000, 1920, 1080, sigma=2.0, sh_degree=3)
SCENES = {**WORKLOADS, SH.name: SH}


class Build:
    """A process of one checkout that times workloads.

    Args:
        checkout: Root of the checkout.
        cpu: Processor to compile for, a name of LLVM's; this machine's if it is empty.
        threads: Threads of torch.
    """

    def __init__(self, checkout: Path, cpu: str, threads: int) -> None:
        folders = [str(checkout.resolve()), str(BENCHMARKS)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(folders),
            "NUMBA_CPU_NAME": cpu,
            "NUMBA_CPU_FEATURES": "",
        }
        environment.pop("NUMBA_CACHE_DIR", None)
        if not cpu:
            del environment["NUMBA_CPU_NAME"], environment["NUMBA_CPU_FEATURES"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.build_worker", str(threads)],
            cwd=BENCHMARKS,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.start: dict[str, Any] = self._read()

    def ask(self, workload: Workload, backward: bool, *, stages: bool = False) -> Any:
        """Time a workload; returns what the worker answers."""
        assert self._process.stdin is not None
        request = {"workload": asdict(workload), "backward": backward}
        print(json.dumps({**request, "stages": stages, "calls": CALLS}), file=self._process.stdin)
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main(
    old: Annotated[Path, typer.Option(help="Checkout of the old build.", exists=True)],
    new: Annotated[Path, typer.Option(help="Checkout of the new build.")] = BENCHMARKS.parent,
    workload: Annotated[list[str] | None, typer.Option(help=f"Scene: {', '.join(SCENES)}.")] = None,
    cpu: Annotated[
        str, typer.Option(help="Processor, such as haswell; empty: this machine's.")
    ] = "",
    threads: Annotated[int, typer.Option(min=1, help="Number of threads.")] = 1,
    turns: Annotated[int, typer.Option(min=1, help="Turns of each build.")] = 7,
    out: Annotated[Path | None, typer.Option(help="JSON file to write; overwritten.")] = None,
) -> None:
    """Compare two builds on scenes of `benchmarks/render.py`."""
    require_folder_of(out)
    from gaussrep.runtime.atomic_files import write_json
    from harness.report import describe_origin

    load = [_load()]
    scenes = [SCENES[name] for name in workload or ("b16-n256", "n100k")]
    builds = [Build(checkout, cpu, threads) for checkout in (old, new)]
    results = []
    for scene in scenes:
        for name, backward in PASSES.items():
            result = {"workload": scene.name, "pass": name}
            results.append(result | _compare(builds, scene, backward, turns))
            typer.echo(_row(results[-1]))
    starts = dict(zip(("old", "new"), (build.start for build in builds), strict=True))
    for build in builds:
        build.close()
    load.append(_load())
    if out is not None:
        content = {
            **describe_origin(sys.argv),
            "definition": DEFINITION,
            "cpu_name": cpu,
            "threads": threads,
            "load": load,
            "builds": starts,
            "results": results,
        }
        write_json(content, out)


def _load() -> float | None:
    """Return the average load of the last minute, if the system counts it."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _compare(builds: list[Build], scene: Workload, backward: bool, turns: int) -> dict[str, Any]:
    times: list[list[float]] = [[], []]
    for _ in range(turns):
        for build, taken in zip(builds, times, strict=True):
            taken.extend(build.ask(scene, backward)["times_ms"][1:])
    stages = [build.ask(scene, backward, stages=True)["stages_ms"] for build in builds]
    medians = [statistics.median(taken) for taken in times]
    return {
        "ratio": round(medians[0] / medians[1], 3),
        "ratio_of_min": round(min(times[0]) / min(times[1]), 3),
        **{
            name: {
                "median_ms": round(median, 3),
                "min_ms": round(min(taken), 3),
                "times_ms": [round(time, 3) for time in taken],
                "stages_ms": {stage: round(time, 3) for stage, time in by_stage.items()},
            }
            for name, median, taken, by_stage in zip(
                ("old", "new"), medians, times, stages, strict=True
            )
        },
    }


def _row(result: dict[str, Any]) -> str:
    old, new = result["old"], result["new"]
    stages = " ".join(
        f"{stage} {time:.1f}→{new['stages_ms'].get(stage, 0):.1f}"
        for stage, time in old["stages_ms"].items()
    )
    times = f"{old['median_ms']:.1f} → {new['median_ms']:.1f} ms"
    ratios = f"{result['ratio']:.2f}x (shortest {result['ratio_of_min']:.2f}x)"
    return f"{result['workload']:12} {result['pass']:17} {times}  {ratios}  {stages}"


if __name__ == "__main__":
    run_script(main)
