"""Message of a command that Ctrl-C or SIGTERM stops."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from gaussrep.errors import RunInterrupt


@contextmanager
def resumable(command: str) -> Iterator[None]:
    """Report an interrupted run with the command that continues it.

    Args:
        command: The command that has `--resume`.

    Yields:
        Nothing.

    Raises:
        typer.Exit: With 128 plus the number of the signal, 130 for Ctrl-C.
    """
    try:
        yield
    except RunInterrupt as error:
        again = _resume_line(command, str(error.run))
        if error.step is None:
            again = f"start again with: {command_line(*sys.argv[1:], '--overwrite')}"
        exit_interrupted(f"{error}; {again}", error.signal)
    except KeyboardInterrupt:
        again = command_line(*sys.argv[1:])
        exit_interrupted(f"interrupted before the first step; start again with: {again}")


def _resume_line(command: str, run: str) -> str:
    total = int(os.environ.get("WORLD_SIZE", "1"))
    if total == 1:
        return f"resume with: {command_line(command, '--resume', run)}"
    if total == int(os.environ.get("LOCAL_WORLD_SIZE", "1")):
        processes = ("--processes", str(total))
        return f"resume with: {command_line(command, '--resume', run, *processes)}"
    return f"resume in {total} processes with: {command_line(command, '--resume', run)}"


def exit_interrupted(message: str, number: int = signal.SIGINT) -> NoReturn:
    """End the program after an interruption.

    Args:
        message: One line for stderr.
        number: The signal.

    Raises:
        typer.Exit: With 128 plus the number of the signal.
    """
    if os.environ.get("RANK", "0") == "0":  # one process prints
        typer.echo(message, err=True)
    raise typer.Exit(128 + number)


def command_line(*arguments: str) -> str:
    """Quote a command of gaussrep for the shell.

    Args:
        arguments: Command and arguments.

    Returns:
        The line to type.
    """
    words = ["gaussrep", *arguments]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
