"""Compare gsplat with the reference on a GPU, time both, and write JSON.

python benchmarks/gpu_parity.py OUT.json [WORKLOAD ...]
"""

import sys
from pathlib import Path
from typing import Any

from gaussrep.errors import DataError, GaussrepError
from gaussrep.json_file import write_json
from gaussrep.rendering import Renderer, get_renderer
from gaussrep.rendering.bench import parity
from gaussrep.rendering.bench.report import describe_run
from gaussrep.rendering.bench.scenes import make_scene
from gaussrep.rendering.bench.workloads import WORKLOADS, Workload
from gaussrep.rendering.config import ReferenceConfig
from gaussrep.rendering.reference import ReferenceRenderer

DENSE_LIMIT = 2e11
BLOCK = 2**26
REPEATS = 15


def examine(workload: Workload, gsplat: Renderer, reference: Renderer) -> dict[str, Any]:
    try:
        scene = make_scene(workload).to("cuda")
    except DataError as error:
        return {"workload": workload.name, "skipped": str(error)}
    found: dict[str, Any] = {"workload": workload.name}
    found["gsplat"] = parity.rates(scene, gsplat, REPEATS, "cuda")
    if workload.dense_pairs > DENSE_LIMIT:
        reason = f"the reference would evaluate {workload.dense_pairs:.3g} pairs"
        return {**found, "reference": {"skipped": reason}}
    found["reference"] = parity.rates(scene, reference, REPEATS, "cuda")
    return {**found, "difference": parity.compare(scene, gsplat, reference)}


def run(out: Path, names: list[str]) -> None:
    gsplat = get_renderer("gsplat")
    reference = ReferenceRenderer(ReferenceConfig(block=BLOCK))
    workloads = [WORKLOADS[name] for name in names or WORKLOADS]
    results = []
    for workload in workloads:
        results.append(examine(workload, gsplat, reference))
        print(results[-1], flush=True)
        content = describe_run(sys.argv, workloads, results)
        content["definitions"]["difference"] = parity.DEFINITION
        write_json(content, out)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if not arguments or not set(arguments[1:]) <= set(WORKLOADS):
        sys.exit(f"usage: gpu_parity.py OUT.json [{' | '.join(WORKLOADS)}] ...")
    try:
        run(Path(arguments[0]), arguments[1:])
    except GaussrepError as error:
        sys.exit(f"error: {error}")
