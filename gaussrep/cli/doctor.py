"""`gaussrep doctor`: imports everything and says what is broken."""

import typer

from gaussrep import plugins
from gaussrep.cli.examination import examine_component
from gaussrep.cli.platform_findings import examine_platform
from gaussrep.cli.problems import problems
from gaussrep.console import print_table

BROKEN = 1


def doctor() -> None:
    """Import everything, show versions, device and the full traceback of what fails.

    Exits with 1 if something is broken, and with 0 if only optional things are missing.
    """
    failures = problems()
    libraries = examine_platform()
    print_table(("part", "version"), [[item.subject, item.remark] for item in libraries])
    components = [examine_component(component) for component in plugins.list()]
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


def _section(title: str, traceback: str) -> None:
    typer.echo(f"\n{title}")
    if traceback:
        typer.echo(traceback.rstrip())
