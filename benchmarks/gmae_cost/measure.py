"""Measuring one cell.

Run as a program, it measures the cell given as JSON and prints the measurement as JSON, so that
peak memory is that of a process which did nothing else.
"""

import json
import math
import sys
from typing import Any

import torch

from gaussrep.building import build
from gaussrep.methods.method import Batch, Method
from gaussrep.training.config import TrainerConfig
from gaussrep.training.engine import Engine, running_engine
from gaussrep.training.optimization import make_optimizer
from gaussrep_gmae.method import GMAE
from gmae_cost.cell import Cell
from gmae_cost.drawing import drawing_call, largest
from harness.processes import peak_mb
from harness.timing import summarize_times, time_calls

SEED = 0
LEARNING_RATE = 1e-4
"""Learning rate of the timed steps, a design choice; so few steps do not depend on it."""
DRAWINGS = 9
"""How often drawing is timed, which takes a small part of a step."""

DEFINITIONS = {
    "step": (
        "One training step on one batch of random images that is on the device already: forward "
        "pass, backward pass and AdamW's step, in milliseconds; CUDA is waited for. The first step "
        "is not counted. Loading, augmentation and logging are not part of it. mae is the same "
        "encoder with a pixel decoder that sees all patches."
    ),
    "render": (
        "Drawing the batch's Gaussians, and computing the gradients of all their tensors from the "
        "gradient of the step's loss by the image: timed alone, in the process that timed the "
        "steps, on detached Gaussians of the same model and batch after those steps. "
        "render_share divides its median by the step's."
    ),
    "render_at_limit": (
        "The same with every Gaussian's scale at its limit, as large as training can make them; "
        "its share is of a step in which it stands in the place of render."
    ),
    "memory": (
        "peak_mb is the largest resident size of the process over the steps, in MiB (on CUDA: the "
        "most that torch allocated), before_mb that before the first step, with model and batch."
    ),
}


def measure(cell: Cell) -> dict[str, Any]:
    """Measure a cell in this process.

    Args:
        cell: What to measure.

    Returns:
        Plain data for JSON; see `DEFINITIONS`.
    """
    if cell.threads is not None:
        torch.set_num_threads(cell.threads)
    torch.manual_seed(SEED)
    method = build("methods", cell.settings)
    trainer = TrainerConfig.model_validate(
        {"steps": 1, "lr": LEARNING_RATE, "device": cell.device, "precision": cell.precision}
    )
    with running_engine(trainer) as engine:
        engine.prepare(method, [make_optimizer(method, trainer)])
        size = method.config.image_size
        batch = engine.to_device({"image": torch.rand(cell.batch, 3, size, size)})
        found = {"threads": torch.get_num_threads(), **_step(cell, engine, batch)}
        return found | (_rendering(cell, engine, method, batch) if cell.queries else {})


def _step(cell: Cell, engine: Engine, batch: Batch) -> dict[str, Any]:
    def step() -> None:
        engine.backward(batch)
        engine.update()

    before = peak_mb(cell.device)
    _, times = time_calls(step, cell.repeats, cell.device, longest_ms=math.inf)
    found = summarize_times(times)
    return {
        "step": found,
        "images_per_second": round(1e3 * cell.batch / found["median_ms"], 3),
        "before_mb": round(before, 1),
        "peak_mb": round(peak_mb(cell.device), 1),
    }


def _rendering(cell: Cell, engine: Engine, method: Method, batch: Batch) -> dict[str, Any]:
    assert isinstance(method, GMAE)
    visible = method.random_visible(cell.batch)
    with torch.no_grad(), engine.autocast():
        gaussians = method.decode(batch["image"], visible)
    found = {}
    for name, drawn in (
        ("render", gaussians),
        ("render_at_limit", largest(method, gaussians)),
    ):
        call = drawing_call(method, drawn, batch["image"], visible)
        _, times = time_calls(call, DRAWINGS, cell.device, longest_ms=math.inf)
        found[name] = summarize_times(times)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(Cell.from_json(sys.argv[1]))))
