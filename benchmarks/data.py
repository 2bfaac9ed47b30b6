"""Time the loading of JPEGs beside torchvision's ImageFolder, and watch the memory of long loading.

python benchmarks/data.py [--out FILE] [--images N] [--workers N] [--turns N] [--steps N]

Needs the extras webdataset, datasets and vision.
"""

import argparse
import io
import statistics
import sys
import tarfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image
from torch.utils.data import DataLoader

from gaussrep import build
from gaussrep.data import SampleKey
from gaussrep.errors import GaussrepError
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.loading import MapDataset, ShuffledOrder, StreamedDataset, make_loader
from harness.options import require_folder_of
from harness.processor import processor_seconds
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "data.json"
SIZE, WIDTH, HEIGHT, QUALITY, CLASSES, SHARDS = 224, 500, 375, 90, 4, 4
BATCH, STEP_BATCH, SAMPLES = 32, 4, 10
STREAMED = "huggingface, streamed"
DATASETS = ("folders", "webdataset", "huggingface", STREAMED)
DEFINITIONS = {
    "images": f"{WIDTH} x {HEIGHT} pixels of smoothed noise, JPEG of quality {QUALITY}",
    "crops": f"random resized crops of {SIZE} pixels, bicubic, of 20 to 100 % of an image, flipped "
    "at even odds, as float tensors; torchvision's own transforms for ImageFolder",
    "times": "one epoch per turn and data set, by turns, in batches of "
    f"{BATCH}; processor time of all processes, start of the workers included",
    "ratio": "images per second of processor time, divided by ImageFolder's of the same turn; "
    "median of the turns",
    STREAMED: "Parquet in row groups of 100 images, read in place; the others but ImageFolder and "
    "folders read tar files and Arrow",
    "memory": f"private memory of the workers in MB, at {SAMPLES} times over the steps of "
    f"{STEP_BATCH} images",
}


def write_images(root: Path, count: int) -> None:
    """Write the same images as files in folders of classes, as tar shards, Arrow and Parquet."""
    from datasets import ClassLabel, Dataset, Features
    from datasets import Image as ImageFeature

    rng, contents = np.random.default_rng(0), []
    for number in range(count):
        small = Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
        pixels = np.asarray(small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.int16)
        pixels = np.clip(pixels + rng.integers(-12, 12, pixels.shape), 0, 255).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY)
        contents.append(stream.getvalue())
        folder = root / "folders" / "train" / f"{number % CLASSES}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:06}.jpg").write_bytes(contents[-1])
    (root / "webdataset").mkdir()
    for shard in range(SHARDS):
        with tarfile.open(root / "webdataset" / f"{shard}.tar", "w") as archive:
            for number in range(shard, count, SHARDS):
                for suffix, data in (
                    ("jpg", contents[number]),
                    ("cls", b"%d" % (number % CLASSES)),
                ):
                    member = tarfile.TarInfo(f"{number:06}.{suffix}")
                    member.size = len(data)
                    archive.addfile(member, io.BytesIO(data))
    features = Features({"image": ImageFeature(), "label": ClassLabel(num_classes=CLASSES)})
    rows: dict[str, Any] = {"image": [{"bytes": each, "path": None} for each in contents]}
    rows["label"] = [number % CLASSES for number in range(count)]
    table = Dataset.from_dict(rows, features=features)
    table.save_to_disk(root / "huggingface")
    (root / STREAMED).mkdir()
    table.to_parquet(root / STREAMED / "0.parquet", batch_size=100)


def open_dataset(name: str, root: Path) -> MapDataset:
    kind = name.partition(",")[0]
    settings: dict[str, Any] = {"type": kind, "root": str(root / name), "image_size": SIZE}
    if kind == "webdataset":
        settings["val_files"] = "*.tar"
    if kind == "huggingface":
        settings |= {"val_fraction": 1e-9, "streaming": name == STREAMED}
    return build("datasets", settings, split="train")


def gaussrep_loader(dataset: MapDataset, batch: int, steps: int, workers: int) -> DataLoader[Any]:
    batches = epochs(dataset, batch, steps)
    return make_loader(dataset, batches, num_workers=workers, device=torch.device("cpu"))


def epochs(dataset: Any, batch: int, steps: int) -> Iterator[list[SampleKey]]:
    """Yield a number of shuffled batches; workers would load more of an endless order."""
    pieces = dataset.pieces() if isinstance(dataset, StreamedDataset) else None
    order = ShuffledOrder(size=len(dataset), seed=0, batch_size=batch, pieces=pieces)
    return islice(order.batches(0), steps)


def torchvision_loader(root: Path, steps: int, workers: int) -> DataLoader[Any]:
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import v2

    crops = v2.Compose(
        [
            v2.RandomResizedCrop(SIZE, (0.2, 1.0), interpolation=v2.InterpolationMode.BICUBIC),
            v2.RandomHorizontalFlip(),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
        ]
    )
    dataset = ImageFolder(root / "folders" / "train", crops)
    batches = [[key.index for key in keys] for keys in epochs(dataset, BATCH, steps)]
    return DataLoader(dataset, batch_sampler=batches, num_workers=workers)


def time_epoch(loader: Iterable[Any], steps: int) -> tuple[float, float]:
    """Seconds of the processors and of the clock for a number of batches."""
    started, clock = processor_seconds(), perf_counter()
    batches = iter(loader)
    for _ in range(steps):
        next(batches)
    clock = perf_counter() - clock
    del batches  # ends the workers, whose time counts from then on
    return processor_seconds() - started, clock


def compare(root: Path, images: int, workers: int, turns: int) -> list[dict[str, Any]]:
    steps = images // BATCH
    names = ("ImageFolder", *DATASETS)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for turn in range(turns + 1):
        for name in names:
            if name == "ImageFolder":
                loader = torchvision_loader(root, steps, workers)
            else:
                loader = gaussrep_loader(open_dataset(name, root), BATCH, steps, workers)
            taken = time_epoch(loader, steps)
            if turn:  # the first one fills the caches of the file system
                times[name].append(taken)
                print(turn, name, f"{steps * BATCH / taken[0]:.0f} images/s", flush=True)
    base = [used for used, _ in times["ImageFolder"]]
    return [
        {
            "dataset": name,
            "images_per_processor_second": round(
                statistics.median(steps * BATCH / used for used, _ in taken), 1
            ),
            "images_per_second": round(
                statistics.median(steps * BATCH / clock for _, clock in taken), 1
            ),
            "ratio": round(
                statistics.median(b / used for b, (used, _) in zip(base, taken, strict=True)), 3
            ),
            "processor_seconds": [round(used, 3) for used, _ in taken],
        }
        for name, taken in times.items()
    ]


def watch_memory(root: Path, name: str, steps: int, workers: int) -> dict[str, Any]:
    """Load many batches, and note the private memory of the workers."""
    batches = iter(gaussrep_loader(open_dataset(name, root), STEP_BATCH, steps, workers))
    found = []
    for step in range(1, steps):
        next(batches)
        if step % (steps // SAMPLES) == steps // SAMPLES - 1:
            children = psutil.Process().children(recursive=True)
            found.append(round(sum(each.memory_full_info().uss for each in children) / 1e6, 1))
    print(name, "MB:", *found, flush=True)
    return {"dataset": name, "steps": steps, "private_mb": found}


def run(given: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    content = describe_origin(["benchmarks/data.py"])
    content["definitions"] = DEFINITIONS
    content["settings"] = {
        name: getattr(given, name) for name in ("images", "workers", "turns", "steps")
    }
    with TemporaryDirectory() as folder:
        root = Path(folder)
        write_images(root, given.images)
        content["load_average"] = list(psutil.getloadavg())
        content["results"] = compare(root, given.images, given.workers, given.turns)
        content["memory"] = [
            watch_memory(root, name, given.steps, given.workers) for name in DATASETS
        ]
    write_json(content, given.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time the loading of JPEGs.")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2000)
    arguments = parser.parse_args()
    try:
        require_folder_of(arguments.out)
        run(arguments)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
