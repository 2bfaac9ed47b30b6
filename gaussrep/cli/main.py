"""The `gaussrep` program."""

import io
import logging
import signal
import sys
from typing import Annotated

import typer

from gaussrep import __version__
from gaussrep.cli.group import CommandGroup
from gaussrep.runtime.openmp import prepare_process

app = typer.Typer(cls=CommandGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(requested: bool) -> bool:
    if requested:
        typer.echo(f"gaussrep {__version__}")
        raise typer.Exit
    return requested


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="GAUSSREP_DEBUG", help="Show tracebacks of errors.")
    ] = False,
) -> None:
    """3D Gaussians as a representation: train, evaluate, render and convert them."""
    _show_log()


def _show_log() -> None:
    """Print gaussrep's log messages to stderr as plain lines, unless logging is configured."""
    logging.getLogger("gaussrep").setLevel(logging.INFO)
    if logging.lastResort is not None:
        logging.lastResort.setLevel(logging.INFO)


def _replace_unencodable() -> None:
    """Print `?` for characters that a terminal or pipe lacks, such as λ on Windows, in cp1252."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not None, and not replaced by a caller
            stream.reconfigure(errors="replace")


def main() -> None:
    """Run the program and exit: 0 for success, 2 for a user's error, 130 for Ctrl-C."""
    _replace_unencodable()
    prepare_process()
    try:
        app(prog_name="gaussrep")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback of the interpreter's last steps
