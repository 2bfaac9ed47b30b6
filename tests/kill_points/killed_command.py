"""Run a command of gaussrep in a forked process that is killed at one of its file events."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from forked_program import print_to, run_forked, run_main

EVENTS = {
    *("open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.link"),
    *("os.symlink", "shutil.copyfile", "shutil.rmtree"),
}


def run_command(
    arguments: list[str], folder: Path, *, kill_at: int | None = None, shard_size: int | None = None
) -> tuple[int, list[str]]:
    """Run a command in a process of its own.

    Args:
        arguments: Of the program `gaussrep`.
        folder: Current directory; its files are watched. What the command prints is added to
            `log.txt` beside it.
        kill_at: Number of the file event, from 1, right before which SIGKILL is sent.
        shard_size: Images in a part of `embed`, which has no option for it.

    Returns:
        The exit code, -9 where it was killed, and the file events so far.
    """
    events = folder.with_suffix(".events")
    events.unlink(missing_ok=True)
    code = run_forked(_run, (arguments, folder, events, kill_at, shard_size))
    lines = events.read_text(encoding="utf-8").splitlines() if events.exists() else []
    return code, lines


def _run(
    arguments: list[str], folder: Path, events: Path, kill_at: int | None, shard_size: int | None
) -> None:
    from gaussrep.embedding import shards

    os.chdir(folder)
    print_to(folder.with_suffix(".log"), folder.with_suffix(".log"))
    if shard_size is not None:
        shards.SHARD_SIZE = shard_size
    _watch(folder, events, kill_at)
    run_main(["gaussrep", *arguments])


def _watch(folder: Path, events: Path, kill_at: int | None) -> None:
    """Write down each event on a file of the folder, and kill this process at one of them."""
    process, count = os.getpid(), 0
    out = os.open(events, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event not in EVENTS or os.getpid() != process:
            return
        path = arguments[0]
        if not isinstance(path, str | os.PathLike) or not _inside(folder, path):
            return
        count += 1
        os.write(out, f"{event} {os.path.relpath(path, folder)}\n".encode())
        if count == kill_at:
            os.kill(process, signal.SIGKILL)

    sys.addaudithook(hook)


def _inside(folder: Path, path: str | os.PathLike[str]) -> bool:
    return folder in Path(os.path.normpath(folder / path)).parents
