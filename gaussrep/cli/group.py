"""The group of all commands, imported when they are called."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from gaussrep.cli.builtin import BUILTIN, COMMAND_CLASSES
from gaussrep.cli.interruption import exit_interrupted
from gaussrep.cli.lazy import LazyCommand, LazyGroup, importer
from gaussrep.cli.plugin_commands import command_clashes, plugin_commands
from gaussrep.errors import GaussrepError, UnknownNameError
from gaussrep.plugins.companions import missing_companion

USER_ERROR = 2
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""Click's error about arguments; some versions of Typer have a copy of Click, others import it."""


@contextmanager
def error_reporting(*, debug: bool = False) -> Iterator[None]:
    """Convert a user's error into one line on stderr and an exit code.

    Args:
        debug: Whether to print the traceback as well.

    Yields:
        Nothing.

    Raises:
        typer.Exit: With code 2 for a `GaussrepError` or wrong arguments, 130 for Ctrl-C.
    """
    try:
        yield
    except (GaussrepError, UsageError) as error:
        text = str(error) if isinstance(error, GaussrepError) else _usage_text(error)
        if not text:
            raise
        if debug:
            traceback.print_exception(error)
        typer.echo(f"error: {_printable(text)}", err=True)
        raise typer.Exit(USER_ERROR) from error
    except KeyboardInterrupt as error:
        if debug:
            traceback.print_exception(error)
        exit_interrupted(str(error) or "interrupted")


def _usage_text(error: Any) -> str:
    """Describe wrong arguments in one line; empty for an error that is a page of help."""
    text: str = error.format_message()
    if "\n" in text:
        return ""
    path = error.ctx.command_path if error.ctx else "gaussrep"
    return text if text.endswith("?") else f"{text.rstrip('.')}; see {path} --help"


def _printable(text: str) -> str:
    """Escape control characters, which names and contents of files may contain."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


logger = logging.getLogger("gaussrep.plugins")


class CommandGroup(LazyGroup):
    """Lists commands without importing them, and reports every user's error in one line.

    Args:
        **settings: Settings that Typer passes to every group.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (target, summary) in BUILTIN.items():
            load_class = importer(COMMAND_CLASSES.get(name, "typer.core:TyperCommand"))
            self.commands[name] = LazyCommand(
                name, summary, importer(target), import_class=load_class
            )
        self._has_plugins = False

    def list_commands(self, ctx: Any) -> list[str]:
        """List the names of all commands.

        Args:
            ctx: Click's context.

        Returns:
            The names, those of plugins last.
        """
        self._add_plugins()
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command; a built-in one without loading plugins.

        Args:
            ctx: Click's context.
            cmd_name: Name of the command.

        Returns:
            A command that imports its function when it is called; None if there is none.
        """
        if cmd_name not in self.commands:
            self._add_plugins()
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find and import the command of the arguments.

        Args:
            ctx: Click's context.
            args: Arguments of the command line.

        Returns:
            Name of the command, the command, and its arguments.

        Raises:
            UnknownNameError: It is a command of a distribution that is not installed.
        """
        if self.get_command(ctx, args[0]) is None and (
            advice := missing_companion("commands", args[0])
        ):
            raise UnknownNameError(f"There is no command {args[0]!r} here; {advice}.")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Args:
            ctx: Click's context.

        Returns:
            The command's result.
        """
        with error_reporting(debug=ctx.params["debug"]):
            return super().invoke(ctx)

    def _add_plugins(self) -> None:
        if self._has_plugins:
            return
        self._has_plugins = True
        self.commands.update(plugin_commands())
        for clash in command_clashes():
            logger.warning("%s", clash)
