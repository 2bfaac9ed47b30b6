"""The commands that plugins add to the program."""

from collections.abc import Callable
from typing import Any

from gaussrep import plugins
from gaussrep.cli.builtin import BUILTIN
from gaussrep.cli.lazy import LazyCommand
from gaussrep.errors import PluginError
from gaussrep.plugins.failure import Origin, PluginFailure

PANEL = "Commands of plugins"


def plugin_commands() -> dict[str, LazyCommand]:
    """Make the commands of all plugins, importing none of them.

    Returns:
        Commands by the name that calls them: the short one, or the qualified one where the short
        one is the program's own or two plugins use it.
    """
    components = plugins.list("commands")
    names = [*BUILTIN, *(component.name for component in components)]
    commands = {}
    for component in components:
        name = component.name if names.count(component.name) == 1 else component.qualified
        commands[name] = LazyCommand(name, component.record.summary, _importer(component), PANEL)
    return commands


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


def _importer(component: plugins.Component) -> Callable[[], Any]:
    def load() -> Any:
        function = component.load()
        if not callable(function):
            target = component.record.target
            raise PluginError(f"{component} is broken: {target} is no function: {function!r}.")
        return function

    return load
