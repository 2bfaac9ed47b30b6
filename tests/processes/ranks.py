"""Trainings in one process and in two, started together; modules are imported once for all."""

import multiprocessing
import os
import socket
from pathlib import Path

import torch
from metrics_rows import rows_of

LIBRARIES = ["torch", "accelerate", "gaussrep.training", "gaussrep.rendering.cpu.renderer"]
LIBRARIES += ["gaussrep_gmae.method", "gaussrep_gaussiancross.method"]
UP = torch.tensor([0.0, 0.0, 1.0])


def train_alone_and_together(settings: dict, folder: Path) -> list[list[dict[str, float]]]:
    """Train in one process, and in two, and return the rows of both tables."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LIBRARIES)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    processes = [
        context.Process(target=_train, args=(settings, folder / str(count), rank, count, port))
        for count in (1, 2)
        for rank in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=240)
        process.kill()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    return [_numbers_of(folder / count) for count in ("1", "2")]


def _train(settings: dict, folder: Path, rank: int, count: int, port: int) -> None:
    if count > 1:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    from torch.distributed.fsdp import FSDPModule

    from gaussrep.config import load_config
    from gaussrep.training import TrainConfig, train

    config = load_config(TrainConfig, settings)
    in_memory = {}
    if config.data.type == "scannet":
        mixed = config.data.mix3d > 0
        in_memory = {"train": Rooms(7, count=12, mixed=mixed), "val": Rooms(100, count=3)}
    elif config.method.type == "classifier":
        in_memory = {"train": LabeledImages(), "val": LabeledImages()}
    trained = []
    train(config, folder, datasets=in_memory, init_hook=trained.append)
    if config.trainer.shard_weights:
        assert isinstance(trained[0], FSDPModule) == (count > 1)


def _numbers_of(run: Path) -> list[dict[str, float]]:
    return [{name: float(x) for name, x in row.items() if x} for row in rows_of(run)]


class LabeledImages:
    """Random images of three classes."""

    def __len__(self) -> int:
        return 15

    def __getitem__(self, key) -> dict[str, torch.Tensor]:
        draws = torch.Generator().manual_seed(key.index)
        return {
            "image": torch.rand(3, 16, 16, generator=draws),
            "label": torch.tensor(key.index % 3),
            "index": torch.tensor(key.index),
        }


class Rooms:
    """Random points on the floor and two walls of rooms, with views of noise.

    Rooms differ in their number of points and in how many pixels have a measured depth.

    Args:
        seed: Of the points and views.
        count: Number of rooms.
        mixed: Whether to overlay pairs of rooms at random.
    """

    def __init__(self, seed: int, count: int, *, mixed: bool = False) -> None:
        self.seed, self.count, self.mixed = seed, count, mixed
        self.group_size = 2 if mixed else 1

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, key) -> dict[str, torch.Tensor]:
        from gaussrep import Cameras

        draws = torch.Generator().manual_seed(self.seed + key.index)
        points = torch.rand(300 + 20 * key.index, 3, generator=draws) * torch.tensor([4.0, 3, 2])
        normals = torch.zeros_like(points)
        for axis in range(3):
            points[axis::3, axis] = 0
            normals[axis::3, axis] = 1
        eyes = torch.tensor([[6.0, 5.0, 2.0], [5.0, 5.5, 2.4]])
        cameras = Cameras.look_at(eyes, torch.full((3,), 0.5), UP, width=20, height=16)
        depths = 5 + 4 * torch.rand(2, 16, 20, generator=draws)
        depths[:, : key.index] = 0
        mix = {"mixed": key.rng().random() < 0.7} if self.mixed else {}
        return {
            **{name: torch.tensor(bool(each)) for name, each in mix.items()},
            "points": points,
            "colors": torch.where(normals.bool(), 0.8, 0.2),
            "normals": normals,
            "labels": normals.argmax(-1),
            "instances": normals.argmax(-1),
            "index": torch.tensor(key.index),
            "skipped": torch.tensor(0),
            "images": torch.rand(2, 3, 16, 20, generator=draws),
            "depths": depths,
            "viewmats": cameras.viewmats,
            "Ks": cameras.Ks,
            "frames": torch.arange(2),
        }

    def collate(self, samples):
        from gaussrep.data.scenes.batch import collate

        return collate(samples)
