"""The group of all commands, built-in and of plugins, imported when they are called."""

import logging
from typing import Any

from gaussrep.cli.builtin import BUILTIN
from gaussrep.cli.errors import reported
from gaussrep.cli.lazy import LazyCommand, LazyGroup, importer
from gaussrep.cli.plugin_commands import command_clashes, plugin_commands

logger = logging.getLogger("gaussrep.plugins")


class CommandGroup(LazyGroup):
    """Lists commands without importing them, and ends every error of the user's in one line.

    Args:
        **settings: What Typer gives every group.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (target, summary) in BUILTIN.items():
            self.commands[name] = LazyCommand(name, summary, importer(target))
        self._has_plugins = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands, those of plugins last."""
        self._add_plugins()
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in for a command; for a built-in one, no plugin is looked at."""
        if cmd_name not in self.commands:
            self._add_plugins()
        return self.commands.get(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with reported(debug=ctx.params["debug"]):
            return super().invoke(ctx)

    def _add_plugins(self) -> None:
        if self._has_plugins:
            return
        self._has_plugins = True
        self.commands.update(plugin_commands())
        for clash in command_clashes():
            logger.warning("%s", clash)
