"""Write many rooms in the ScanNet layout, in parallel and resumable."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from gaussrep.data import SceneFiles, write_scene
from gaussrep.runtime import WorkShare, worker_pool
from gaussrep_rooms.claim import claim_folder, explained_errors
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.room import make_room

SPLITS = ("train", "val")


@dataclass(frozen=True, slots=True)
class WriteSummary:
    """Numbers of rooms written and kept.

    Args:
        made: Rooms that were generated.
        kept: Rooms that existed already.
    """

    made: int
    kept: int


def write_rooms(
    root: Path,
    config: RoomsConfig,
    *,
    seed: int,
    train: int,
    val: int,
    processes: int = 1,
    share: WorkShare = WorkShare(),
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> WriteSummary:
    """Write the rooms that are missing or unfinished.

    Room `k` of the training split has the number `2 k`, and of the validation split `2 k + 1`, so
    the number of rooms changes none of them.

    Args:
        root: Folder of the data set; empty, new, or begun with the same settings.
        config: Frames and points of each room.
        seed: Seed of the family of rooms.
        train: Number of training scenes.
        val: Number of validation scenes.
        processes: Rooms generated in parallel, each in a process; 1 starts none.
        share: The share of the rooms to write.
        on_progress: Called with the number of finished rooms and of all rooms of the share.

    Returns:
        Numbers of rooms of the share generated and kept.

    Raises:
        DataError: If the folder holds something else, or cannot be written.
    """
    claim_folder(root, seed, config, is_shared=not share.is_whole)
    numbers = share.of([2 * k for k in range(train)] + [2 * k + 1 for k in range(val)])
    missing = [number for number in numbers if not _files(root, number).metadata.exists()]
    kept = len(numbers) - len(missing)
    on_progress(kept, len(numbers))
    for done, _ in enumerate(_each(root, config, seed, missing, processes), start=kept + 1):
        on_progress(done, len(numbers))
    return WriteSummary(len(missing), kept)


def _each(
    root: Path, config: RoomsConfig, seed: int, numbers: list[int], processes: int
) -> Iterator[None]:
    """Write rooms; yield once per finished room. After Ctrl-C, rooms begun are finished."""
    if processes == 1 or len(numbers) < 2:
        for number in numbers:
            yield _write(root, config, seed, number)
        return
    waiting = iter(numbers)
    working: set[Future[None]] = set()
    with worker_pool(processes) as pool:
        while True:
            for number in islice(waiting, processes - len(working)):
                working.add(pool.submit(_write, root, config, seed, number))
            if not working:
                return
            finished, working = wait(working, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()


def _write(root: Path, config: RoomsConfig, seed: int, number: int) -> None:
    room = make_room(seed, number, config)
    files = _files(root, number)
    with explained_errors(root):
        write_scene(root, files.split, files.name, room.cloud, room.frames, room.intrinsics)


def _files(root: Path, number: int) -> SceneFiles:
    return SceneFiles(root, SPLITS[number % 2], f"scene{number:04d}_00")
