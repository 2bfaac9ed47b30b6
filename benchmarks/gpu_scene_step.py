"""Time a training step of GaussianCross with its preset `paper`, on synthetic rooms.

python benchmarks/gpu_scene_step.py OUT.json [--repeats 8] [--rehearse]

The teacher is `statistics`: the weights of the preset's own teacher are a download.
"""

import math
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import torch
import typer

from gaussrep.building import build
from gaussrep.cli.main import app
from gaussrep.data.sample import SampleKey
from gaussrep.methods.method import Batch
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.config import TrainConfig, train_config
from gaussrep.training.engine import running_engine
from gaussrep.training.optimization import make_optimizers
from harness.options import device_of, require_folder_of, run_script
from harness.processes import peak_mb
from harness.report import describe_origin
from harness.timing import summarize_times, time_calls

DEFINITIONS = {
    "step": "forward pass, backward pass and the optimizer's step on one batch that is on the "
    "device already, in milliseconds; the first one is not counted",
    "memory": "peak_mb is the most that torch allocated, in MiB (on the CPU: the resident size)",
    "data": "synthetic rooms in the place of ScanNet; the teacher is `statistics`, not the "
    "preset's, so that the share of a large teacher is missing",
}
ROOM = ["--val", "0", "--frames", "5"]


def configuration(rooms: Path, rehearse: bool, settings: list[str]) -> TrainConfig:
    """The preset `paper`; a small one in a rehearsal."""
    settings += [f"data.root={rooms}", "data.frame_step=1", "method.teacher={type: statistics}"]
    if rehearse:
        settings += ["trainer.batch_size=1"]
        settings += ["data.views=1", "data.image_size=[24, 32]", "data.max_points=1000"]
    return train_config("gaussiancross", "paper", [], settings)


def load_batch(config: TrainConfig) -> Batch:
    """The first batch of the training split."""
    dataset = build("datasets", config.data, split="train")
    samples = [dataset[SampleKey(index)] for index in range(config.trainer.batch_size)]
    return dataset.collate(samples)


def measure(config: TrainConfig, repeats: int) -> dict[str, Any]:
    """Time the steps.

    Args:
        config: Method, data and trainer.
        repeats: How many steps to time.

    Returns:
        Plain data for JSON; see `DEFINITIONS`.
    """
    torch.manual_seed(0)
    method = build("methods", config.method)
    with running_engine(config.trainer) as engine:
        scheduled = make_optimizers(method, config.trainer)
        engine.prepare(method, [each.optimizer for each in scheduled.values()])
        batch = engine.to_device(load_batch(config))

        def step() -> None:
            engine.backward(batch)
            engine.update()

        device = engine.device.type
        first, times = time_calls(step, repeats, device, longest_ms=math.inf)
        points = batch["points"].shape[:-1].numel() if "points" in batch else None
        return {
            "step": summarize_times(times),
            "first_ms": round(first, 1),
            "peak_mb": round(peak_mb(device), 1),
            "points": points,
        }


def main(
    out: Annotated[Path, typer.Argument(help="JSON file to write; overwritten.")],
    repeats: Annotated[int, typer.Option(min=1, help="How many steps to time.")] = 8,
    rehearse: Annotated[bool, typer.Option(help="Small sizes on the CPU.")] = False,
) -> None:
    """Time a training step of GaussianCross."""
    require_folder_of(out)
    settings = [f"trainer.device={device_of(rehearse)}"]
    size = (
        ["--height", "24", "--width", "32"] if rehearse else ["--height", "480", "--width", "640"]
    )
    with TemporaryDirectory() as folder:
        rooms = Path(folder, "rooms")
        scenes = ["--scenes", "1" if rehearse else "8"]
        app(["make-rooms", str(rooms), *scenes, *ROOM, *size], standalone_mode=False)
        config = configuration(rooms, rehearse, settings)
        found = measure(config, 1 if rehearse else repeats)
    kept = config.model_dump(mode="json", exclude={"data": {"root"}})
    content = {**describe_origin(sys.argv), "definitions": DEFINITIONS, "settings": kept}
    write_json({**content, "results": found}, out)
    print(found, file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
