"""How the command ends when something goes wrong."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from gaussrep.errors import GaussrepError

USER_ERROR = 2
INTERRUPTED = 130


@contextmanager
def reported(*, debug: bool = False) -> Iterator[None]:
    """Turn an error of the user's into one line and an exit code.

    Args:
        debug: Whether to show the traceback, too.

    Raises:
        typer.Exit: With code 2 for a `GaussrepError`, 130 for Ctrl-C.
    """
    try:
        yield
    except GaussrepError as error:
        if debug:
            traceback.print_exception(error)
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(USER_ERROR) from error
    except KeyboardInterrupt as error:
        if debug:
            traceback.print_exception(error)
        typer.echo("interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from error
