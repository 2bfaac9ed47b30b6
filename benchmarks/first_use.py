"""Time the first image and the first gradients of two checkouts, with an empty and a full cache.

python benchmarks/first_use.py --old CHECKOUT --out OUT.json
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.options import require_folder_of, run_script
from harness.processor import require_resource

DEFINITION = (
    "Seconds of the renderer cpu's first calls in new processes of two checkouts, by turns, by the "
    "clock. image: of the first render; gradients: of the first render and its backward pass; "
    "neither with imports. start: from before `import torch` to after the first image. empty: with "
    "an empty cache of compiled kernels; full: in the process after. processor: processor time of "
    "a process and of those that it started, in the same order. Medians; ratio: old over new."
)
PROGRAM = """
import json, resource, sys, threading, time

def processor():
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)

start = time.perf_counter()
import torch
import gaussrep as gr

torch.manual_seed(0)
means = (torch.rand(64, 3) - 0.5).requires_grad_(sys.argv[1] == "gradients")
gaussians = gr.Gaussians(
    means=means, quats=torch.randn(64, 4), scales=torch.full((64, 3), 0.05),
    opacities=torch.full((64,), 0.5), colors=torch.rand(64, 3),
)
viewmat = torch.eye(4)
viewmat[2, 3] = 3
K = torch.tensor([[60.0, 0, 32], [0, 60, 32], [0, 0, 1]])
cameras = gr.Cameras(viewmat[None], K[None], 64, 64)
before, used = time.perf_counter(), processor()
image = gr.render(gaussians, cameras, "cpu").color
drawn = time.perf_counter()
if means.requires_grad:
    image.sum().backward()
done = time.perf_counter()
for thread in threading.enumerate():
    if thread.name == "gaussrep-compile":
        thread.join()
print(json.dumps({"call": done - before, "start": drawn - start, "processor": processor() - used}))
"""
ROOT = Path(__file__).parents[1]
KINDS = ("image", "gradients")


def main(
    old: Annotated[Path, typer.Option(help="Checkout of the old build.", exists=True)],
    new: Annotated[Path, typer.Option(help="Checkout of the new build.")] = Path(__file__).parents[
        1
    ],
    turns: Annotated[int, typer.Option(min=1, help="Turns of each build.")] = 3,
    out: Annotated[Path | None, typer.Option(help="JSON file to write; overwritten.")] = None,
) -> None:
    """Compare the first use of two builds."""
    require_folder_of(out)
    require_resource()  # its processes import it
    from gaussrep.runtime.atomic_files import write_json
    from harness.report import describe_origin

    times: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for _ in range(turns):
        for kind in KINDS:
            for name, checkout in (("old", old), ("new", new)):
                for cache, found in _measure(checkout, kind):
                    times.setdefault(f"{kind}, {cache}", {}).setdefault(name, []).append(found)
    results = {case: _compare(builds) for case, builds in times.items()}
    for case, found in results.items():
        shown = [f"{key} {a:.2f} → {b:.2f} s  {r:.2f}x" for key, (a, b, r) in found.items()]
        typer.echo(f"{case:17} {'   '.join(shown)}")
    if out is not None:
        content = {"definition": DEFINITION, "results": results, "times": times}
        write_json(describe_origin(sys.argv) | content, out)


def _measure(checkout: Path, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Run the program twice, with an empty cache and with what it left there."""
    with tempfile.TemporaryDirectory() as cache:
        variables = {"PYTHONPATH": str(checkout.resolve()), "NUMBA_CACHE_DIR": cache}
        return [(name, _run(kind, os.environ | variables)) for name in ("empty", "full")]


def _run(kind: str, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-c", PROGRAM, kind]
    done = subprocess.run(
        command, env=environment, cwd=tempfile.gettempdir(), stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def _compare(builds: dict[str, list[dict[str, Any]]]) -> dict[str, tuple[float, float, float]]:
    """Medians of both builds and their ratio, by what was measured."""
    found = {}
    for key in ("call", "start", "processor"):
        before, after = (statistics.median(run[key] for run in builds[b]) for b in ("old", "new"))
        found[key] = round(before, 3), round(after, 3), round(before / after, 3)
    return found


if __name__ == "__main__":
    run_script(main)
