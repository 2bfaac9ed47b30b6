"""Commands that plugins register."""

from collections.abc import Callable
from typing import Any

from gaussrep import plugins
from gaussrep.cli.builtin import BUILTIN
from gaussrep.cli.lazy import LazyCommand
from gaussrep.errors import AmbiguousNameError, PluginError


def component_command(component: plugins.Component, panel: str) -> LazyCommand:
    """Make the command of a component whose target is a function with Typer annotations.

    Args:
        component: Is not imported before the command is called.
        panel: Title under which the help lists it.

    Returns:
        The command, of the name that calls it.
    """
    summary = component.record.summary
    return LazyCommand(shown_name(component), summary, _importer(component), panel)


def shown_name(component: plugins.Component) -> str:
    """Choose the name that users write for a component.

    Args:
        component: Of any kind.

    Returns:
        The short name; the qualified one where the short one means something else, or nothing.
    """
    if component.kind == "commands" and component.name in BUILTIN:
        return component.qualified
    try:
        meant = plugins.find(component.kind, component.name)
    except AmbiguousNameError:
        return component.qualified
    return component.name if meant == component else component.qualified


def _importer(component: plugins.Component) -> Callable[[], Any]:
    def load() -> Any:
        function = component.load()
        if not callable(function):
            target = component.record.target
            raise PluginError(f"{component} is broken: {target} is no function: {function!r}.")
        return function

    return load
