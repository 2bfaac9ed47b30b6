"""Reading of damaged files in a process of its own, in bounded time and memory."""

import logging
import multiprocessing
import os
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gaussrep.errors import GaussrepError

SECONDS = 20
"""CPU time of one mutant."""
PATIENCE = 90
"""Seconds after which a process that ignores its timer is killed."""
MEMORY = 2**31
"""Bytes that a process may take beyond those that it starts with."""
CHUNK = 500

Read = Callable[[Path], Any]
Make = Callable[[int], Mapping[str, bytes]]


def find_faults(read: Read, make: Make, mutants: range, folder: Path) -> list[str]:
    """Read mutants, and collect what should not happen.

    Args:
        read: Reads a folder; a `GaussrepError` refuses it.
        make: Makes the files of a mutant from its number.
        mutants: Numbers of the mutants.
        folder: An empty folder.

    Returns:
        One line for each mutant that raised another exception, gave numbers that are not finite,
        or ended its process.
    """
    context = multiprocessing.get_context("fork")
    place, faults = context.Value("q", mutants.start), []
    while place.value < mutants.stop:
        first = place.value
        end = min(first + CHUNK, mutants.stop)
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(
            target=_read_all, args=(read, make, range(first, end), folder, place, theirs)
        )
        child.start()
        theirs.close()
        faults += _followed(child, ours, place)
        if place.value < end:
            faults.append(f"{place.value}: the process ended with {child.exitcode}")
            place.value += 1
    return faults


def _followed(child: Any, pipe: Any, place: Any) -> list[str]:
    """Collect the faults of a process until it ends, or kill it where it does not go on."""
    faults: list[str] = []
    seen, since = place.value, time.monotonic()
    while True:
        try:
            if pipe.poll(0.2):
                faults.append(pipe.recv())
        except EOFError:
            child.join(PATIENCE)
            if child.is_alive():
                child.kill()
                child.join()
            return faults
        if place.value != seen:
            seen, since = place.value, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            child.kill()


def _read_all(read: Read, make: Make, mutants: range, folder: Path, place: Any, pipe: Any) -> None:
    import resource  # which Windows lacks

    logging.disable()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = MEMORY + pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, _late)
    for number in mutants:
        place.value = number
        _write(folder, make(number))
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        fault = _fault_of(read, folder)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if fault is not None:
            pipe.send(f"{number}: {fault}")
    place.value = mutants.stop
    pipe.close()
    os._exit(0)


def _late(*_: Any) -> None:
    raise TimeoutError(f"it took more than {SECONDS} s")


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _fault_of(read: Read, folder: Path) -> str | None:
    try:
        found = read(folder)
    except GaussrepError as error:
        if len(str(error)) > 20_000:
            return f"a message of {len(str(error))} letters: {str(error)[:200]}"
        return None
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [
            frame
            for frame in frames
            if "gaussrep" in frame.filename and "/tests/" not in frame.filename
        ]
        at = own[-1] if own else frames[-1]
        name = at.filename.rpartition("gaussrep")[2]
        return f"{type(error).__name__} at {name}:{at.lineno}: {str(error)[:150]!r}"
    bad = next(_not_finite(found, "result"), None)
    return None if bad is None else f"silent: {bad} is not finite"


def _not_finite(value: Any, name: str) -> Iterator[str]:
    """Names of what is not finite, wherever it is in a result."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray | float):
        if not np.isfinite(np.asarray(value)).all():
            yield name
        return
    for key, entry in _entries(value):
        yield from _not_finite(entry, f"{name}.{key}")


def _entries(value: Any) -> Iterator[tuple[object, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield field.name, getattr(value, field.name, None)
