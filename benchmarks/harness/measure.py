"""Timing one cell of the table: one workload, renderer, pass and number of threads.

Run as a program, it measures the cell given as JSON and prints the measurement as JSON, so that
peak memory is that of a process which did nothing else.
"""

import json
import sys
from dataclasses import asdict, dataclass

import torch

from harness.pairs import pixel_gaussian_pairs
from harness.processes import peak_mb
from harness.scenes import make_scene
from harness.tiled_torch import TiledTorchRenderer
from harness.timing import one_call, time_calls, time_stages
from harness.workloads import TILED, Workload

DEFINITION = (
    "Times are those of whole calls of gaussrep.render, projection and sorting included, after one "
    "call that is not counted (`first_ms`, with compilation); if that one takes more than 20 s "
    "it is counted and the only one, and no more calls are timed once 20 s have gone by. forward: "
    "without gradients; forward+backward: with the gradients of all tensors of the Gaussians, of a "
    "fixed random weighting of color and features. peak_mb is the largest resident size of the "
    "process (on CUDA: the most that torch allocated), before_mb that before the first call. "
    "stages_ms: of the cpu renderer, the stages' shares of further calls of the same kind, means; "
    "what is missing to the whole is Python, torch and the allocation of memory."
)

STAGE_CALLS = 5
"""Calls in which stages are timed."""


@dataclass(frozen=True)
class Cell:
    """What to measure.

    Args:
        workload: The scene.
        renderer: Name of a renderer, or `tiled-torch`.
        backward: Whether gradients are computed, too.
        threads: Threads of torch; CUDA renderers use few.
        repeats: How often to time it; less often if that takes more than 20 s.
        device: Device type of the tensors.
    """

    workload: Workload
    renderer: str
    backward: bool
    threads: int
    repeats: int
    device: str = "cpu"

    @classmethod
    def from_json(cls, text: str) -> "Cell":
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "workload": Workload(**fields["workload"])})

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Measurement:
    """What was measured.

    Args:
        first_ms: Time of the first call.
        times_ms: Times of the counted calls.
        pairs: Pixel-Gaussian pairs of the scene.
        before_mb: Memory before the first call, in MiB.
        peak_mb: Largest memory, in MiB.
        stages_ms: Times of the `cpu` renderer's stages per call.
        lanes: Of the `cpu` renderer, numbers in a vector.
        multiply_adds_per_second: Of the `cpu` renderer, the rate of one core.
    """

    first_ms: float
    times_ms: list[float]
    pairs: int
    before_mb: float
    peak_mb: float
    stages_ms: dict[str, float]
    lanes: int | None = None
    multiply_adds_per_second: float | None = None


def measure(cell: Cell) -> Measurement:
    """Time a cell in this process.

    Args:
        cell: What to measure.

    Returns:
        Times and memory.
    """
    torch.set_num_threads(cell.threads)
    scene = make_scene(cell.workload).to(cell.device)
    renderer = TiledTorchRenderer() if cell.renderer == TILED else cell.renderer
    call = one_call(scene, renderer, backward=cell.backward)
    before = peak_mb(cell.device)
    first_ms, times_ms = time_calls(call, cell.repeats, cell.device)
    peak = peak_mb(cell.device)
    stages_ms = time_stages(call, STAGE_CALLS) if cell.renderer == "cpu" else {}
    pairs = pixel_gaussian_pairs(scene.gaussians, scene.cameras)
    lanes, rate = _measure_core() if cell.renderer == "cpu" else (None, None)
    return Measurement(first_ms, times_ms, pairs, before, peak, stages_ms, lanes, rate)


def _measure_core() -> tuple[int, float]:
    from gaussrep.kernels.simd import WIDTH
    from harness.peak import multiply_adds_per_second

    return WIDTH, multiply_adds_per_second()


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Cell.from_json(sys.argv[1])))))
