"""`gaussrep doctor`: import everything and report errors."""

import typer

from gaussrep import plugins
from gaussrep.cli.diagnostics import Check, check_component, check_platform
from gaussrep.cli.plugin_commands import plugin_failures
from gaussrep.runtime.console import Progress, print_table

BROKEN = 1


def doctor() -> None:
    """Import everything, and show versions, devices and the traceback of every error.

    The exit code is 1 if something is broken, and 0 if only optional parts are missing.
    """
    failures = plugin_failures()
    with Progress("importing libraries"):
        libraries = check_platform()
    print_table(("part", "version"), [[item.subject, item.remark] for item in libraries])
    components = _check_components()
    typer.echo()
    rows = [[item.subject, item.status, item.remark] for item in components]
    print_table(("component", "status", "remark"), rows)
    for failure in failures:
        _section(str(failure), failure.traceback)
    broken = [item for item in [*libraries, *components] if item.status == "failed"]
    for item in broken:
        _section(f"{item.subject} failed", item.traceback)
    if broken or any(failure.is_defect for failure in failures):
        raise typer.Exit(BROKEN)


def _check_components() -> list[Check]:
    found = plugins.list()
    checks = []
    with Progress("importing components", total=len(found)) as progress:
        for done, component in enumerate(found, start=1):
            checks.append(check_component(component))
            progress.update(done)
    return checks


def _section(title: str, traceback: str) -> None:
    typer.echo(f"\n{title}")
    if traceback:
        typer.echo(traceback.rstrip())
