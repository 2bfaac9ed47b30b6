"""Time the renderers of a GPU side by side in one process, and compare them with the reference.

python benchmarks/gpu_speed.py OUT.json [--rehearse] [--workload NAME ...]

The file is written after every measurement. gsplat comes last: its kernels may take minutes to
build, in the background if `benchmarks/on_gpu.sh` started that. `--rehearse` takes small scenes on
the CPU, where `TRITON_INTERPRET=1` runs the kernels of `triton`, and `reference` stands in for
gsplat.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from gaussrep.errors import DataError, UnavailableError
from gaussrep.rendering import Renderer, get_renderer
from gaussrep.rendering.config import ReferenceConfig
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.runtime.atomic_files import write_json
from harness import parity
from harness.options import require_folder_of, run_script
from harness.processes import MB
from harness.report import describe_run
from harness.scenes import Scene, make_scene
from harness.workloads import GPU_WORKLOADS, REHEARSAL, Workload

DENSE_LIMIT = 1e10
"""Pixel-Gaussian pairs beyond which the reference is not asked."""
BLOCK = 2**26
REPEATS = 15
DEFINITIONS = {
    "difference": parity.DEFINITION,
    "peak_mb": "the most that torch allocated in forward and backward passes, less what the scene "
    "takes, in MiB",
    "ratio": "median time of gsplat (in a rehearsal: of the reference) by that of triton",
}


def examine(workload: Workload, renderer: Renderer, device: str, repeats: int) -> dict[str, Any]:
    """Time a renderer on a workload.

    Args:
        workload: Scene.
        renderer: Renderer under test.
        device: Device type of the scene.
        repeats: How often to time each pass.

    Returns:
        Plain data for JSON.
    """
    try:
        scene = make_scene(workload).to(device)
        return {**parity.rates(scene, renderer, repeats, device), "peak_mb": _peak(scene, renderer)}
    except (DataError, UnavailableError, torch.OutOfMemoryError) as error:
        return {"skipped": str(error).partition("\n")[0]}


def _peak(scene: Scene, renderer: Renderer) -> float | None:
    """Memory of one call with gradients, on CUDA."""
    if scene.background.device.type != "cuda":
        return None
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    parity.one_call(scene, renderer, backward=True)()
    return round((torch.cuda.max_memory_allocated() - before) / MB, 1)


def agree(workload: Workload, renderer: Renderer, device: str) -> dict[str, Any]:
    """Compare a renderer with the reference."""
    if workload.dense_pairs > DENSE_LIMIT:
        return {"skipped": f"the reference would evaluate {workload.dense_pairs:.3g} pairs"}
    reference = ReferenceRenderer(ReferenceConfig(max_pairs=BLOCK))
    try:
        return parity.compare(make_scene(workload).to(device), renderer, reference)
    except (DataError, torch.OutOfMemoryError) as error:
        return {"skipped": str(error).partition("\n")[0]}


def ratios(results: Mapping[str, Any], first: str, second: str) -> dict[str, float]:
    """Median times of the second renderer by those of the first, by pass."""
    found = results.get(first, {}), results.get(second, {})
    return {
        name: round(found[1][name]["median_ms"] / found[0][name]["median_ms"], 3)
        for name in ("forward", "forward+backward")
        if all(name in times for times in found)
    }


def measure(
    workloads: Sequence[Workload], names: Sequence[str], device: str, repeats: int
) -> Iterator[list[dict[str, Any]]]:
    """Time all workloads with one renderer after the other.

    Args:
        workloads: Scenes.
        names: Renderers; those after the first are compared with it.
        device: Device type.
        repeats: How often to time each pass.

    Yields:
        All results so far, after each one.
    """
    results: list[dict[str, Any]] = [{"workload": workload.name} for workload in workloads]
    for name in names:
        try:
            renderer = get_renderer(name)
        except UnavailableError as error:
            for result in results:
                result[name] = {"skipped": str(error)}
            continue
        for workload, result in zip(workloads, results, strict=True):
            result[name] = examine(workload, renderer, device, repeats)
            if name == names[0]:
                result["difference"] = agree(workload, renderer, device)
            else:
                result["ratio"] = ratios(result, names[0], name)
            print({"workload": workload.name, name: result[name]}, file=sys.stderr, flush=True)
            yield results


def main(
    out: Annotated[Path, typer.Argument(help="JSON file to write; overwritten.")],
    rehearse: Annotated[bool, typer.Option(help="Small scenes on the CPU.")] = False,
    workload: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(GPU_WORKLOADS)}. All by default.")
    ] = None,
) -> None:
    """Time the renderers of a GPU, and compare them with the reference."""
    require_folder_of(out)
    known = REHEARSAL if rehearse else GPU_WORKLOADS
    workloads = [known[name] for name in workload or known]
    names = ("triton", "reference") if rehearse else ("triton", "gsplat")
    get_renderer(names[0])
    device, repeats = ("cpu", 1) if rehearse else ("cuda", REPEATS)
    for results in measure(workloads, names, device, repeats):
        content = describe_run(sys.argv, workloads, results)
        content["definitions"] |= DEFINITIONS
        write_json(content, out)


if __name__ == "__main__":
    run_script(main)
