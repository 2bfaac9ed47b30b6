"""`gaussrep plugins`: list all installed components and the failures of plugins."""

import json
from typing import Annotated, Any

import typer

from gaussrep import plugins as registry
from gaussrep.cli.plugin_commands import displayed_name, plugin_failures
from gaussrep.console import print_table

HEADERS = ("kind", "name", "distribution", "version", "summary", "status")


def plugins(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List all installed components, without importing them."""
    failures = plugin_failures()
    components = [describe(component) for component in registry.list()]
    if as_json:
        listed = {"components": components, "failures": [_failure(item) for item in failures]}
        typer.echo(json.dumps(listed, indent=2))
        return
    print_table(HEADERS, [[entry[key] for key in HEADERS] for entry in components])
    if failures:
        typer.echo()
    for failure in failures:
        typer.echo(str(failure))


def describe(component: registry.Component) -> dict[str, Any]:
    """Describe a component for the listing.

    Args:
        component: The component.

    Returns:
        Plain data for JSON.
    """
    missing = component.missing
    return {
        "kind": component.kind,
        "name": component.name,
        "qualified": component.qualified,
        "distribution": component.distribution,
        "version": component.version,
        "summary": component.record.summary,
        "available": not missing,
        "missing": list(missing),
        "status": _status(component, missing),
    }


def _status(component: registry.Component, missing: tuple[str, ...]) -> str:
    remarks = [f"unavailable: {component.install}"] if missing else []
    if displayed_name(component) != component.name:
        remarks.append(f"write {component.qualified}")
    return "; ".join(remarks) or "ok"


def _failure(failure: registry.PluginFailure) -> dict[str, str]:
    return {
        "distribution": failure.distribution,
        "version": failure.version,
        "entry_point": failure.entry_point,
        "phase": failure.phase,
        "error": failure.error,
    }
