"""Train GMAE and MAE on CIFAR-10 for a given time on a GPU, then compare them by a linear probe.

python benchmarks/gpu_cifar.py DATA OUT.json [--seconds 200] [--rehearse]

DATA holds `cifar10-train.tar.gz` and `cifar10-test.tar.gz`: images in folders named by class.
Images are decoded once and stay on the device, where they are also cropped and flipped.
"""

import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import torch
import typer
from PIL import Image
from torch import Tensor
from torch.nn import functional

from gaussrep.building import build
from gaussrep.errors import DataError
from gaussrep.evaluation.features import Features
from gaussrep.evaluation.linear_probe import Heads, accuracies, train_heads
from gaussrep.methods.method import Method
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.config import TrainConfig, train_config
from gaussrep.training.engine import Engine, running_engine
from gaussrep.training.optimization import make_optimizers
from harness.options import device_of, require_folder_of, run_script
from harness.report import describe_origin

METHODS = ("gmae", "mae")
WARM = 5
"""Steps, with compilation, before the steps are planned."""
TIMED = 10
PROBE_LRS = (0.3, 1.0, 3.0)
PROBE_EPOCHS, PROBE_BATCH = 30, 1024
EMBED_BATCH = 1000
SMALL = "{width: 16, depth: 1, heads: 1}"
DEFINITIONS = {
    "epochs": "passes over the training images that fitted into the seconds; the learning rate's "
    "schedule is over the steps that the first ones promised",
    "step_ms": "mean of the steps after compilation, augmentation included",
    "top1": "linear probe on frozen pooled features, no augmentation, best of the learning rates "
    f"{PROBE_LRS} on the test images: a quick number, not that of `gaussrep evaluate`",
    "untrained": "the same of the weights before training",
}


@dataclass(frozen=True, eq=False)
class Images:
    """A split on the device.

    Args:
        pixels: Uint8 [n, 3, 32, 32].
        labels: Classes, [n].
    """

    pixels: Tensor
    labels: Tensor

    def crops(self, count: int, scale: tuple[float, float], flip: float) -> Tensor:
        """Sample augmented images: square random crops of an area in `scale`, flipped at random."""
        device = self.pixels.device
        chosen = self.pixels[torch.randint(len(self.pixels), (count,), device=device)]
        low, high = scale
        side = (low + (high - low) * torch.rand(count, device=device)).sqrt()
        mirror = torch.where(torch.rand(count, device=device) < flip, -1.0, 1.0)
        shift = (1 - side)[:, None] * (2 * torch.rand(count, 2, device=device) - 1)
        maps = torch.zeros(count, 2, 3, device=device)
        maps[:, 0, 0], maps[:, 1, 1], maps[:, :, 2] = side * mirror, side, shift
        grid = functional.affine_grid(maps, [count, 3, *chosen.shape[2:]], align_corners=False)
        images = functional.grid_sample(
            chosen.float() / 255, grid, padding_mode="reflection", align_corners=False
        )
        return images.clamp(0, 1)


def load(root: Path, split: str, device: str) -> Images:
    """Decode a split.

    Args:
        root: Folder of the archives.
        split: `train` or `test`.
        device: Where the images go.

    Returns:
        All images.

    Raises:
        DataError: If there is no such archive.
    """
    file = root / f"cifar10-{split}.tar.gz"
    if not file.is_file():
        raise DataError(f"there is no {file}; DATA must name the folder that holds it.")
    pixels, names = [], []
    with tarfile.open(file) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                pixels.append(np.asarray(Image.open(content).convert("RGB")))
                names.append(Path(member.name).parent.name)
    classes = {name: number for number, name in enumerate(sorted(set(names)))}
    images = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous()
    labels = torch.tensor([classes[name] for name in names])
    return Images(images.to(device), labels.to(device))


def make_noise(device: str) -> Images:
    """A few images of two classes, dark and bright, for a rehearsal."""
    labels = torch.arange(32) % 2
    pixels = torch.randint(0, 128, (32, 3, 32, 32)) + 100 * labels[:, None, None, None]
    return Images(pixels.to(torch.uint8).to(device), labels.to(device))


def configuration(name: str, rehearse: bool) -> TrainConfig:
    """The preset `cifar`, in bfloat16 and compiled; small in a rehearsal."""
    settings = ["data.type=folders", "data.root=."]
    if rehearse:
        settings += ["trainer.device=cpu", "trainer.batch_size=4"]
        settings += [f"method.encoder={SMALL}", f"method.decoder={SMALL}"]
        settings += ["method.queries=4"] if name == "gmae" else []
    else:
        settings += ["trainer.device=cuda", "trainer.precision=bf16", "trainer.compile=true"]
    return train_config(name, "cifar", [], settings)


def train(config: TrainConfig, images: Images, seconds: float) -> tuple[Method, dict[str, Any]]:
    """Train for some seconds.

    Args:
        config: Method and trainer.
        images: Training images on the device.
        seconds: Time, compilation included.

    Returns:
        The trained method, and what was done.
    """
    torch.manual_seed(0)
    method = build("methods", config.method)
    batch = config.trainer.batch_size
    with running_engine(config.trainer) as engine:
        scheduled = make_optimizers(method, config.trainer)
        engine.prepare(method, [each.optimizer for each in scheduled.values()])
        start = perf_counter()
        losses: list[Tensor] = []

        def run(first: int, last: int, steps: int) -> float:
            """Make some steps; return milliseconds per step."""
            begun = perf_counter()
            for step in range(first, last):
                for each in scheduled.values():
                    each.set_learning_rate(step, steps)
                losses.append(_step(engine, images, config, batch))
            losses[-1].item()
            return 1e3 * (perf_counter() - begun) / max(1, last - first)

        run(0, WARM, 10**6)
        each_ms = run(WARM, WARM + TIMED, 10**6)
        left = seconds - (perf_counter() - start)
        steps = WARM + TIMED + max(1, int(1e3 * left / each_ms))
        step_ms = run(WARM + TIMED, steps, steps)
    return method, {
        "steps": steps,
        "batch_size": batch,
        "epochs": round(steps * batch / len(images.labels), 2),
        "step_ms": round(step_ms, 3),
        "first_loss": losses[0].item(),
        "last_loss": torch.stack(losses[-20:]).mean().item(),
        "seconds": round(perf_counter() - start, 1),
    }


def _step(engine: Engine, images: Images, config: TrainConfig, batch: int) -> Tensor:
    crop = config.data
    pixels = images.crops(batch, getattr(crop, "scale"), getattr(crop, "flip"))  # noqa: B009
    output = engine.backward({"image": pixels})
    engine.update()
    return output.loss.detach()


@torch.no_grad()
def embed(method: Method, images: Images) -> Features:
    """Embed all images."""
    method.eval()
    pooled = [
        method.embed({"image": part.float() / 255}).pooled
        for part in images.pixels.split(EMBED_BATCH)
    ]
    return Features(torch.cat(pooled).float(), images.labels)


def probe(method: Method, training: Images, test: Images) -> float:
    """Accuracy of a linear probe, in percent."""
    features, held_out = embed(method, training), embed(method, test)
    classes = int(training.labels.max()) + 1
    heads = Heads(features.pooled.shape[1], classes, len(PROBE_LRS)).to(features.pooled.device)
    train_heads(heads, features, PROBE_LRS, epochs=PROBE_EPOCHS, batch=PROBE_BATCH)
    return round(100 * accuracies(heads.eval(), held_out).max().item(), 2)


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the archives; unused in a rehearsal.")],
    out: Annotated[Path, typer.Argument(help="JSON file to write; overwritten.")],
    seconds: Annotated[float, typer.Option(min=0, help="Of training, for both methods.")] = 200.0,
    rehearse: Annotated[bool, typer.Option(help="Few images and small models on the CPU.")] = False,
) -> None:
    """Train GMAE and MAE on CIFAR-10 for a given time, then compare them by a linear probe."""
    require_folder_of(out)
    device = device_of(rehearse)
    training, test = (
        make_noise(device) if rehearse else load(data, split, device) for split in ("train", "test")
    )
    results: dict[str, Any] = {}
    content = {**describe_origin(sys.argv), "definitions": DEFINITIONS, "results": results}
    for name in METHODS:
        config = configuration(name, rehearse)
        method, results[name] = train(config, training, seconds / len(METHODS))
        results[name]["top1"] = probe(method, training, test)
        fresh = build("methods", config.method).to(device)
        results[name]["untrained"] = probe(fresh, training, test)
        print({name: results[name]}, file=sys.stderr, flush=True)
        write_json(content, out)


if __name__ == "__main__":
    run_script(main)
