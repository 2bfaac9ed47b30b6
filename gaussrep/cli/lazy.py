"""Commands that are imported when they are called, not when they are listed."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class LazyCommand(TyperCommand):
    """A command in listings, whose function `load` imports.

    Args:
        name: Name of the command.
        summary: One line for the help.
        import_target: Imports the function with Typer annotations, or the Typer app of a group.
        panel: Title of its section in the help.
        import_class: Imports the class of the command; Typer's own by default.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        import_target: Callable[[], Any],
        panel: str | None = None,
        import_class: Callable[[], type[TyperCommand]] = lambda: TyperCommand,
    ) -> None:
        super().__init__(name, help=summary, rich_help_panel=panel)
        self._import_target = import_target
        self._import_class = import_class

    def load(self) -> Any:
        """Import the command.

        Returns:
            Typer's command of the function, or its group of the app.
        """
        target = self._import_target()
        if isinstance(target, typer.Typer):
            return typer.main.get_command(target)
        app = typer.Typer(add_completion=False)
        app.command(self.name, cls=self._import_class())(target)
        return typer.main.get_command(app)


class LazyGroup(TyperGroup):
    """A group that imports a command when it is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command of the arguments.

        Args:
            ctx: Click's context.
            args: Arguments of the command line.

        Returns:
            Name of the command, the command, and its arguments.
        """
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, LazyCommand) else command, rest


def importer(target: str) -> Callable[[], Any]:
    """Make a function that imports an object.

    Args:
        target: Import string, `"package.module:function"`.

    Returns:
        The function.
    """
    module, _, attribute = target.partition(":")
    return lambda: getattr(import_module(module), attribute)
