"""Compare gsplat with the reference on a GPU, time both, and write JSON.

python benchmarks/gpu_parity.py OUT.json [WORKLOAD ...]
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from gaussrep.errors import DataError
from gaussrep.rendering import Renderer, get_renderer
from gaussrep.rendering.config import ReferenceConfig
from gaussrep.rendering.reference import ReferenceRenderer
from harness import parity
from harness.scenes import make_scene
from harness.workloads import WORKLOADS, Workload
from workload_command import main

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


def prepare() -> Callable[[Workload], dict[str, Any]]:
    gsplat = get_renderer("gsplat")
    reference = ReferenceRenderer(ReferenceConfig(max_pairs=BLOCK))
    return partial(examine, gsplat=gsplat, reference=reference)


if __name__ == "__main__":
    main(prepare, tuple(WORKLOADS), {"difference": parity.DEFINITION})
