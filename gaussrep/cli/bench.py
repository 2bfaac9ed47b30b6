"""`gaussrep bench`: measurements of the core and of plugins."""

from typing import Any

import typer

from gaussrep import plugins
from gaussrep.cli.component_command import component_command, shown_name
from gaussrep.cli.lazy import LazyGroup
from gaussrep.errors import PluginError

PANEL = "Subjects"


class BenchmarkGroup(LazyGroup):
    """Lists what can be measured, importing nothing of it."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all subjects."""
        return [shown_name(component) for component in plugins.list("benchmarks")]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in for a subject; a name that means none is an error of the user's."""
        try:
            return component_command(plugins.find("benchmarks", cmd_name), PANEL)
        except PluginError:
            if ctx.resilient_parsing:  # a shell completes the line
                return None
            raise


app = typer.Typer(
    cls=BenchmarkGroup,
    no_args_is_help=True,
    add_completion=False,
    subcommand_metavar="SUBJECT [ARGS]...",
)


@app.callback()
def bench() -> None:
    """Measure speed and memory on this machine."""
