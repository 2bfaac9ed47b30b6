"""Compare the renderers `pytorch3d` and `cpu` with the reference, time them and `pulsar`.

python benchmarks/pytorch3d_parity.py OUT.json [WORKLOAD ...]
"""

from typing import Any

import torch

from gaussrep.rendering import get_renderer
from harness import parity
from harness.scenes import make_scene
from harness.workloads import Workload
from workload_command import main

NAMES = ("b16-n256", "channels-16")
RENDERERS = ("cpu", "pytorch3d", "pulsar")
REPEATS = 5


def examine(workload: Workload) -> dict[str, Any]:
    scene = make_scene(workload)
    reference = get_renderer("reference")
    found: dict[str, Any] = {"workload": workload.name, "threads": torch.get_num_threads()}
    for name in RENDERERS:
        renderer = get_renderer(name)
        found[name] = {"times": parity.rates(scene, renderer, REPEATS, "cpu")}
        if name != "pulsar":  # its images differ by design
            found[name]["difference"] = parity.compare(scene, renderer, reference)
    return found


if __name__ == "__main__":
    main(lambda: examine, NAMES, {"difference": parity.DEFINITION})
