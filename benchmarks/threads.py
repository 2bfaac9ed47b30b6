"""Time the renderer `cpu` with one thread and with two, by turns, so that both see one machine.

python benchmarks/threads.py OUT.json [WORKLOAD ...]
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from gaussrep.kernels import NONE, claim, kernel, launch
from gaussrep.rendering.cpu.layout import HALF, ONE
from harness.scenes import make_scene
from harness.timing import one_call, summarize_times, time_once
from harness.workloads import Workload
from workload_command import main

NAMES = ("b16-n256", "b16-n1024", "v4-n4096", "n100k")
PASSES = {"forward": False, "forward+backward": True}
THREADS = (1, 2)
TURNS, CALLS = 30, 5
TASKS, STEPS, NUMBERS = 64, 120, 4096
DEFINITION = (
    f"{TURNS} turns of {CALLS} calls with one thread and then {CALLS} with two; the first call of "
    "a turn does not count, which may have to wake a core that sleeps. speedup: the time with one "
    "thread over that with two, of the shortest times, which other work on the machine disturbs "
    "least, and of the medians. arithmetic: numbers in a core's first cache are read, multiplied, "
    "added to and written, each thread its own, shared out as the stages are: what a second core "
    "of this machine brings where threads have nothing in common."
)


def examine(workload: Workload) -> dict[str, Any]:
    scene = make_scene(workload)
    calls = {name: one_call(scene, "cpu", backward=backward) for name, backward in PASSES.items()}
    return {"workload": workload.name, **by_turns({**calls, "arithmetic": calculate})}


def by_turns(calls: Mapping[str, Callable[[], object]]) -> dict[str, Any]:
    """Times of each call with each number of threads, and how they compare."""
    times: dict[str, list[list[float]]] = {name: [[] for _ in THREADS] for name in calls}
    for _ in range(TURNS):
        for name, call in calls.items():
            for threads, taken in zip(THREADS, times[name], strict=True):
                torch.set_num_threads(threads)
                taken.extend([time_once(call, "cpu") for _ in range(CALLS)][1:])
    return {name: compare(*taken) for name, taken in times.items()}


def compare(alone: list[float], together: list[float]) -> dict[str, Any]:
    """Times with one thread and with two, and how many times as fast two are."""
    one, two = summarize_times(alone), summarize_times(together)
    speedup = {kind: round(one[kind] / two[kind], 3) for kind in ("min_ms", "median_ms")}
    return {"1": one, "2": two, "speedup": speedup}


def calculate() -> None:
    launch(multiply, TASKS, np.ones(TASKS * NUMBERS, np.float32))


@kernel
def multiply(tasks: Any, numbers: Any) -> None:
    task = claim(tasks)
    while task != NONE:
        first = task * NUMBERS
        for _ in range(STEPS):
            for place in range(first, first + NUMBERS):
                numbers[place] = HALF * numbers[place] + ONE
        task = claim(tasks)


if __name__ == "__main__":
    main(lambda: examine, NAMES, {"turns": DEFINITION})
