"""Run a command of gaussrep in a forked process that is killed at one of its file events."""

import multiprocessing
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

EVENTS = {
    *("open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.link"),
    *("os.symlink", "shutil.copyfile", "shutil.rmtree"),
}
LIBRARIES = ["gaussrep.cli.main", "torch", "numba", "accelerate", "safetensors.torch", "PIL.Image"]
"""Imported once; each process starts as a copy of one that holds them."""


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
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LIBRARIES)
    events = folder.with_suffix(".events")
    events.unlink(missing_ok=True)
    process = context.Process(target=_run, args=(arguments, folder, events, kill_at, shard_size))
    process.start()
    process.join(timeout=300)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"gaussrep {' '.join(arguments)} did not end in five minutes")
    assert process.exitcode is not None
    lines = events.read_text(encoding="utf-8").splitlines() if events.exists() else []
    return process.exitcode, lines


def _run(
    arguments: list[str], folder: Path, events: Path, kill_at: int | None, shard_size: int | None
) -> None:
    from gaussrep.cli.main import main
    from gaussrep.embedding import shards

    os.chdir(folder)
    log = os.open(folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if shard_size is not None:
        shards.SHARD_SIZE = shard_size
    sys.argv = ["gaussrep", *arguments]
    _watch(folder, events, kill_at)
    code: Any = 1
    try:
        main()
        code = 0
    except SystemExit as exit_:
        code = exit_.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


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
