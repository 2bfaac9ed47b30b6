"""One build of gaussrep that waits for workloads to time, see `render_builds.py`.

Every line of its input is one measurement in JSON; every line of its output is the answer.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any

import torch

from harness.scenes import make_scene
from harness.timing import one_call, time_stages
from harness.workloads import Workload

try:
    from gaussrep.runtime.machine import describe_machine
except ImportError:  # a build before there was gaussrep.runtime
    from gaussrep.machine import describe_machine  # pyright: ignore[reportMissingImports]


@dataclass
class Worker:
    """The calls of a build, made when they are first needed.

    Args:
        threads: Threads of torch.
    """

    threads: int
    _calls: dict[tuple[str, bool], Callable[[], object]] = field(default_factory=dict)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Time one workload.

        Args:
            request: The workload, the pass, how many calls, and whether to time stages instead.

        Returns:
            Processor milliseconds of each call, or milliseconds per call by stage.
        """
        call = self._call(Workload(**request["workload"]), request["backward"])
        if request["stages"]:
            return {"stages_ms": time_stages(call, request["calls"])}
        return {"times_ms": [_processor_ms(call) for _ in range(request["calls"])]}

    def _call(self, workload: Workload, backward: bool) -> Callable[[], object]:
        key = workload.name, backward
        if key not in self._calls:
            torch.set_num_threads(self.threads)
            self._calls[key] = one_call(make_scene(workload), "cpu", backward=backward)
            self._calls[key]()
        return self._calls[key]


def _processor_ms(call: Callable[[], object]) -> float:
    start = process_time()
    call()
    return 1e3 * (process_time() - start)


def main() -> None:
    """Render a scene of a single Gaussian, say what was loaded, and answer until the input ends."""
    worker = Worker(int(sys.argv[1]))
    start = perf_counter()
    tiny = Workload("tiny", 1, 1, 1, 16, 16, sigma=2.0)
    worker.answer({"workload": vars(tiny), "backward": True, "stages": False, "calls": 1})
    seconds = perf_counter() - start
    print(json.dumps({"machine": describe_machine(), "first_s": seconds}), flush=True)
    for line in sys.stdin:
        print(json.dumps(worker.answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
