"""Commands that are imported when they are called, not when they are listed."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand


class LazyCommand(TyperCommand):
    """Stands for a command in listings; `load` gives the command itself.

    Args:
        name: Name of the command.
        summary: One line for the help.
        import_function: Imports the function with Typer annotations.
        panel: Title under which the help lists it.
    """

    def __init__(
        self, name: str, summary: str, import_function: Callable[[], Any], panel: str | None = None
    ) -> None:
        super().__init__(name, help=summary, rich_help_panel=panel)
        self._import_function = import_function

    def load(self) -> Any:
        """Import the command.

        Returns:
            The command that Typer makes of the function.
        """
        app = typer.Typer(add_completion=False)
        app.command(self.name)(self._import_function())
        return typer.main.get_command(app)


def importer(target: str) -> Callable[[], Any]:
    """Delay an import.

    Args:
        target: Import string of a function, `"package.module:function"`.

    Returns:
        A function that imports it.
    """
    module, _, attribute = target.partition(":")
    return lambda: getattr(import_module(module), attribute)
