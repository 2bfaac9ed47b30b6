"""Time the renderer `cpu` with one thread and with two, by turns, so that both see one machine.

python benchmarks/threads.py OUT.json [WORKLOAD ...]
"""

from collections.abc import Callable
from typing import Any

import torch
from workload_command import main

from gaussrep.rendering.bench.scenes import make_scene
from gaussrep.rendering.bench.timing import one_call, summarize_times, time_once
from gaussrep.rendering.bench.workloads import Workload

NAMES = ("b16-n256", "b16-n1024", "v4-n4096", "n100k")
PASSES = {"forward": False, "forward+backward": True}
THREADS = (1, 2)
ROUNDS = 80
DEFINITION = (
    "Each round times a call with one thread and then the same call with two; the first round does "
    "not count. speedup: the time with one thread over that with two, of the shortest times, which "
    "other work on the machine disturbs least, and of the medians."
)


def examine(workload: Workload) -> dict[str, Any]:
    scene = make_scene(workload)
    calls = {name: one_call(scene, "cpu", backward=backward) for name, backward in PASSES.items()}
    return {"workload": workload.name, **{name: by_turns(call) for name, call in calls.items()}}


def by_turns(call: Callable[[], object]) -> dict[str, Any]:
    """Times with each number of threads, and how they compare."""
    times: dict[int, list[float]] = {threads: [] for threads in THREADS}
    for _ in range(1 + ROUNDS):
        for threads, taken in times.items():
            torch.set_num_threads(threads)
            taken.append(time_once(call, "cpu"))
    one, two = (summarize_times(taken[1:]) for taken in times.values())
    speedup = {kind: round(one[kind] / two[kind], 3) for kind in ("min_ms", "median_ms")}
    return {"1": one, "2": two, "speedup": speedup}


if __name__ == "__main__":
    main(lambda: examine, NAMES, {"turns": DEFINITION})
