"""The commands that plugins add to the program."""

from gaussrep import plugins
from gaussrep.cli.builtin import BUILTIN
from gaussrep.cli.component_command import component_command
from gaussrep.cli.lazy import LazyCommand
from gaussrep.plugins.failure import Origin, PluginFailure

PANEL = "Commands of plugins"


def plugin_commands() -> dict[str, LazyCommand]:
    """Make the commands of all plugins, importing none of them.

    Returns:
        Commands by the name that calls them: the short one, or the qualified one where the short
        one is the program's own or two plugins use it.
    """
    commands = [component_command(component, PANEL) for component in plugins.list("commands")]
    return {str(command.name): command for command in commands}


def command_clashes() -> list[PluginFailure]:
    """Find the commands of plugins that have the name of one of the program's own.

    Returns:
        One report each; the program's own command is kept.
    """
    return [
        PluginFailure.said(
            Origin(component.distribution, component.version),
            "name",
            f"command {component.name!r} is one of gaussrep's own; "
            f"write {component.qualified!r} for this one.",
        )
        for component in plugins.list("commands")
        if component.name in BUILTIN
    ]
