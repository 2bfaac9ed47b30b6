"""Compare the renderers `pytorch3d` and `cpu` with the reference, time them and `pulsar`.

python benchmarks/pytorch3d_parity.py OUT.json [WORKLOAD ...]
"""

import sys
from pathlib import Path
from typing import Any

import torch

from gaussrep.errors import GaussrepError
from gaussrep.json_file import write_json
from gaussrep.rendering import get_renderer
from gaussrep.rendering.bench import parity
from gaussrep.rendering.bench.report import describe_run
from gaussrep.rendering.bench.scenes import make_scene
from gaussrep.rendering.bench.workloads import WORKLOADS, Workload

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
        if name != "pulsar":  # its picture is its own
            found[name]["difference"] = parity.compare(scene, renderer, reference)
    return found


def run(out: Path, names: list[str]) -> None:
    workloads = [WORKLOADS[name] for name in names or NAMES]
    results = []
    for workload in workloads:
        results.append(examine(workload))
        print(results[-1], flush=True)
        content = describe_run(sys.argv, workloads, results)
        content["definitions"]["difference"] = parity.DEFINITION
        write_json(content, out)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if not arguments or not set(arguments[1:]) <= set(WORKLOADS):
        sys.exit(f"usage: pytorch3d_parity.py OUT.json [{' | '.join(WORKLOADS)}] ...")
    try:
        run(Path(arguments[0]), arguments[1:])
    except GaussrepError as error:
        sys.exit(f"error: {error}")
