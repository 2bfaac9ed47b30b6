"""Options that several benchmark scripts share."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer

from gaussrep.errors import ConfigError, GaussrepError


def run_script(command: Callable[..., Any], arguments: Sequence[str] | None = None) -> None:
    """Run a function with Typer annotations as a script; a user's mistake is one line and exit 2.

    Args:
        command: Its parameters are the script's options.
        arguments: What follows the script's name; by default those of this process.
    """
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(command)
    try:
        app(None if arguments is None else list(arguments))
    except GaussrepError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def counts(option: str, text: str, least: int = 1) -> list[int]:
    """Read whole numbers.

    Args:
        option: Its name, for the message.
        text: Numbers separated by commas.
        least: The smallest that is allowed.

    Returns:
        The numbers.

    Raises:
        ConfigError: It is something else.

    Example:
        >>> counts("--threads", "1,2")
        [1, 2]
    """
    if not all(word.strip().isdecimal() and int(word) >= least for word in text.split(",")):
        raise ConfigError(f"{option} is {text!r}, expected numbers such as 1,2.")
    return [int(word) for word in text.split(",")]


def device_of(rehearse: bool) -> str:
    """Return the device type to measure on: the CPU in a rehearsal, else CUDA.

    Args:
        rehearse: Whether this is a rehearsal.

    Returns:
        `cpu` or `cuda`.

    Raises:
        ConfigError: There is no CUDA device.
    """
    import torch

    if not rehearse and not torch.cuda.is_available():
        raise ConfigError("torch finds no CUDA device here; --rehearse runs on the CPU.")
    return "cpu" if rehearse else "cuda"


def require_folder_of(out: Path | None) -> None:
    """Refuse a file that could not be written, before anything is measured.

    Args:
        out: The file of `--out`, if it is given.

    Raises:
        ConfigError: Its folder does not exist.
    """
    if out is not None and not out.parent.is_dir():
        raise ConfigError(f"--out is {out}, but there is no folder {out.parent}; make it first.")
