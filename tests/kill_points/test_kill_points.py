"""Commands that SIGKILL ends at their file events; given again, they write the same bits.

The suite tries some points of each command, `make prove` all of them.
"""

import csv
import hashlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from killed_command import run_command
from PIL import Image
from raw_scannet import TABLE, write_labels, write_mesh, write_sens

from gaussrep.training.metrics_table import MACHINE_COLUMNS

UNLIKE_COLUMNS = MACHINE_COLUMNS | {"steps_per_second", "seconds"}
FIT = ["fit", "synthetic:balls", "--run", "out", "steps=6", "checkpoint_every=2", "log_every=1"]
FIT += ["data.image_size=24", "init.count=60", "device=cpu", "tensorboard=false"]
TRAINER = ["trainer.steps=6", "trainer.checkpoint_every=2", "trainer.log_every=1"]
TRAINER += ["trainer.device=cpu", "trainer.tensorboard=false", "trainer.validate_every=3"]
NOTHING_SAVED = ("there is no run folder", "is not a run folder", "holds no checkpoint")
TRANSFORMER = "{width: 16, depth: 1, heads: 1}"
GMAE = ["train", "gmae", "--run", "out", "data=shapes", "data.samples=12", "data.image_size=16"]
GMAE += ["method.image_size=16", "method.patch_size=4", "method.queries=8"]
GMAE += [f"method.encoder={TRANSFORMER}", f"method.decoder={TRANSFORMER}"]
GMAE += ["trainer.epochs=null", "trainer.batch_size=4", *TRAINER]
ROOMS = ["make-rooms", "out", "--processes", "1", "--scenes", "2", "--val", "1", "--points", "500"]
ROOMS += ["--frames", "2", "--height", "16", "--width", "24"]


@dataclass(frozen=True)
class Command:
    """A command that writes `out`, and how it goes on.

    Args:
        arguments: The command.
        again: The command that goes on once there is something to go on from; the same if None.
        prepare: Writes into an empty folder what the command reads.
        shard_size: Images in a part of `embed`.
    """

    arguments: list[str]
    again: list[str] | None = None
    prepare: Callable[[Path], None] = lambda folder: None
    shard_size: int | None = None


def write_images(folder: Path) -> None:
    rng = np.random.default_rng(0)
    (folder / "images").mkdir()
    for number in range(9):
        pixels = rng.integers(0, 255, size=(16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")


def write_run_and_images(folder: Path) -> None:
    write_images(folder)
    code, _ = run_command([*GMAE, "--run", "trained", "trainer.steps=1"], folder)
    assert code == 0, log_of(folder)


def write_raw_scannet(folder: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [
        SimpleNamespace(
            image=rng.integers(0, 255, size=(24, 32, 3), dtype=np.uint8),
            depth=rng.uniform(1, 3, size=(24, 32)),
        )
        for _ in range(3)
    ]
    scene = folder / "raw" / "scans" / "scene0000_00"
    scene.mkdir(parents=True)
    write_mesh(scene / "scene0000_00_vh_clean_2.ply")
    write_labels(scene, "scene0000_00")
    K = np.array([[30.0, 0, 16], [0, 30, 12], [0, 0, 1]])
    write_sens(scene / "scene0000_00.sens", frames, [np.eye(4)] * 3, K)
    (folder / "raw" / "scannetv2-labels.combined.tsv").write_text(TABLE)


COMMANDS = {
    "fit": Command(FIT, ["fit", "--resume", "out"]),
    "train": Command(GMAE, ["train", "--resume", "out"]),
    "embed": Command(
        ["embed", "trained", "images", "--out", "features.safetensors"],
        prepare=write_run_and_images,
        shard_size=3,
    ),
    "make-rooms": Command(ROOMS),
    "prepare-scannet": Command(
        ["prepare-scannet", "raw", "out", "--step", "1"], prepare=write_raw_scannet
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_command_goes_on_to_the_same_bits(name, tmp_path, kill_points):
    command = COMMANDS[name]
    (tmp_path / "start").mkdir()
    command.prepare(tmp_path / "start")
    whole = tmp_path / "whole"
    shutil.copytree(tmp_path / "start", whole)
    code, events = run_command(command.arguments, whole, shard_size=command.shard_size)
    assert code == 0, log_of(whole)
    wanted = contents(whole)
    for point in chosen(len(events), kill_points):
        folder = tmp_path / f"killed-{point}"
        shutil.copytree(tmp_path / "start", folder)
        kill_and_go_on(command, folder, point)
        assert contents(folder) == wanted, f"killed before event {point}: {events[point - 1]}"
        shutil.rmtree(folder)


def kill_and_go_on(command: Command, folder: Path, point: int) -> None:
    """Kill the command; go on with the command for it, or start again where nothing was saved."""
    code, _ = run_command(command.arguments, folder, kill_at=point, shard_size=command.shard_size)
    assert code == -9, log_of(folder)
    code, _ = run_command(command.again or command.arguments, folder, shard_size=command.shard_size)
    refusal = log_of(folder).splitlines()[-1] if code == 2 else ""
    if "is complete at step 6" in refusal:  # killed between its last file and its end
        return
    if any(words in refusal for words in NOTHING_SAVED):
        code, _ = run_command([*command.arguments, "--overwrite"], folder)
    assert code == 0, f"killed before event {point}\n{log_of(folder)}"


def chosen(count: int, wanted: int) -> list[int]:
    """Numbers of events, evenly spread and the last one among them; all where 0 are wanted."""
    if wanted == 0:
        return list(range(1, count + 1))
    return sorted({round(count * (number + 1) / wanted) for number in range(wanted)})


def log_of(folder: Path) -> str:
    return folder.with_suffix(".log").read_text(encoding="utf-8")


def contents(folder: Path) -> dict[str, object]:
    """What stands in the files of a folder, without what a clock wrote."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): content(path) for path in files}


def content(path: Path) -> object:
    if path.name == "metrics.csv":
        with path.open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        return [{k: v for k, v in row.items() if k not in UNLIKE_COLUMNS} for row in rows]
    if path.suffix == ".pt":  # the order in which pickle meets equal objects differs
        return plain(torch.load(path, weights_only=True))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def plain(value: object) -> object:
    """Nested containers with a checksum in the place of each tensor."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), value.shape, hashlib.sha256(value.numpy().tobytes()).hexdigest()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
