"""Measure what the gradient to the order in depth adds to a pass of the renderer `cpu`.

python benchmarks/order_gradient.py OUT.json [WORKLOAD ...]
"""

from time import process_time
from typing import Any

import numpy as np
import torch

from gaussrep.rendering.config import CpuConfig
from gaussrep.rendering.cpu.renderer import CpuRenderer
from harness.scenes import make_scene
from harness.timing import one_call
from harness.workloads import Workload
from workload_command import main

NAMES = ("b16-n256", "v4-n4096", "n100k")
WINDOWS: tuple[int, ...] = (0, 1, 2, 4, 8)
TURNS = 7
DEFINITION = (
    "With one thread, milliseconds of processor time of a forward and backward pass by "
    f"`renderer.order_window`, the shortest of {TURNS} by turns; ratio: over that of window 0."
)


def examine(workload: Workload) -> dict[str, Any]:
    torch.set_num_threads(1)
    scene = make_scene(workload)
    calls = {
        window: one_call(
            scene, CpuRenderer(CpuConfig(type="cpu", order_window=window)), backward=True
        )
        for window in WINDOWS
    }
    times = dict.fromkeys(WINDOWS, np.inf)
    for turn in range(TURNS + 1):
        for window, call in calls.items():
            start = process_time()
            call()
            if turn:
                times[window] = min(times[window], process_time() - start)
    return {
        "workload": workload.name,
        "ms": {window: round(1e3 * seconds, 2) for window, seconds in times.items()},
        "ratio": {window: round(seconds / times[0], 2) for window, seconds in times.items()},
    }


if __name__ == "__main__":
    main(lambda: examine, NAMES, {"order_gradient": DEFINITION})
