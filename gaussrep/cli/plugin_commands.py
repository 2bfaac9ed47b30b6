"""Names and commands of the installed plugins."""

import logging
from collections.abc import Callable
from typing import Any

from gaussrep import plugins
from gaussrep.cli.builtin import BUILTIN
from gaussrep.cli.lazy import LazyCommand
from gaussrep.errors import AmbiguousNameError, PluginError
from gaussrep.plugins.failure import Origin, PluginFailure


def component_command(component: plugins.Component, panel: str) -> LazyCommand:
    """Make the command of a component.

    Args:
        component: Component whose target is a function with Typer annotations, imported when the
            command is called.
        panel: Title of its section in the help.

    Returns:
        The command.
    """
    summary = component.record.summary
    return LazyCommand(displayed_name(component), summary, _importer(component), panel)


def displayed_name(component: plugins.Component) -> str:
    """Choose the name that users write for a component.

    Args:
        component: Component of any kind.

    Returns:
        The short name; the qualified one if the short one is ambiguous or another component's.
    """
    if component.kind == "commands" and component.name in BUILTIN:
        return component.qualified
    try:
        meant = plugins.find(component.kind, component.name)
    except AmbiguousNameError:
        return component.qualified
    return component.name if meant == component else component.qualified


def component_names(kind: str) -> set[str]:
    """Collect the names that users may write for the components of a kind.

    Args:
        kind: Kind of component, a key of `gaussrep.plugins.KINDS`.

    Returns:
        Short and qualified names.
    """
    return {name for each in plugins.list(kind) for name in (each.name, each.qualified)}


def _importer(component: plugins.Component) -> Callable[[], Any]:
    def load() -> Any:
        function = component.load()
        if not callable(function):
            target = component.record.target
            raise PluginError(f"{component} is broken: {target} is not a function: {function!r}.")
        return function

    return load


PANEL = "Commands of plugins"


def plugin_commands() -> dict[str, LazyCommand]:
    """Make the commands of all plugins, without importing them.

    Returns:
        Commands by name: the short one, or the qualified one if the short one is a built-in
        command or ambiguous.
    """
    commands = [component_command(component, PANEL) for component in plugins.list("commands")]
    return {str(command.name): command for command in commands}


def command_clashes() -> list[PluginFailure]:
    """Find the commands of plugins that have the name of a built-in command.

    Returns:
        One failure each; the built-in command is used.
    """
    return [
        PluginFailure.from_message(
            Origin(component.distribution, component.version),
            "name",
            f"command {component.name!r} is also a built-in command; "
            f"write {component.qualified!r} for this one.",
        )
        for component in plugins.list("commands")
        if component.name in BUILTIN
    ]


def plugin_failures() -> list[PluginFailure]:
    """Load the plugins, without logging their failures.

    Returns:
        The failures, clashes with built-in commands included.
    """
    logger = logging.getLogger("gaussrep.plugins")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return [*plugins.failures(), *command_clashes()]
    finally:
        logger.setLevel(level)
