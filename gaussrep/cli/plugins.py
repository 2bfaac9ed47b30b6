"""`gaussrep plugins`: list the installed components and the failures of plugins."""

import json
import sys
from itertools import groupby
from typing import Annotated, Any

import typer

from gaussrep import plugins as registry
from gaussrep.cli.listing import print_names
from gaussrep.cli.plugin_commands import displayed_name, plugin_failures
from gaussrep.errors import PluginError
from gaussrep.plugins.component import CORE
from gaussrep.plugins.failure import PluginFailure
from gaussrep.runtime.console import print_table

HEADERS = ("kind", "name", "distribution", "version", "summary", "status")


def plugins(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="[KIND]", help="Only one kind of component, such as renderers."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the installed components, and what cannot run here, without importing them."""
    if kind is not None and kind not in registry.KINDS:
        _refer_to_settings(kind)
    failures = plugin_failures()
    components = [describe(component) for component in registry.list(kind)]
    if as_json:
        listed = {"components": components, "failures": [_failure(item) for item in failures]}
        typer.echo(json.dumps(listed, indent=2))
        return
    if sys.stdout.isatty():
        _print_lists(components, with_presets=kind == "methods")
    else:
        print_table(HEADERS, [[entry[key] for key in HEADERS] for entry in components])
    if failures:
        typer.echo()
    for failure in failures:
        typer.echo(str(failure))


def _refer_to_settings(name: str) -> None:
    """Raise if a component was named instead of a kind."""
    found = next((each for each in registry.list() if name in (each.name, each.qualified)), None)
    if found is not None:
        raise PluginError(
            f"There is no kind of component {name!r}; the settings of the {found} are listed by: "
            f"gaussrep settings {name}"
        )


def describe(component: registry.Component) -> dict[str, Any]:
    """Describe a component for the listing.

    Args:
        component: The component.

    Returns:
        Plain data for JSON.
    """
    reason = component.unavailable_reason
    return {
        "kind": component.kind,
        "name": component.name,
        "qualified": component.qualified,
        "distribution": component.distribution,
        "version": component.version,
        "summary": component.record.summary,
        "available": reason is None,
        "missing": list(component.missing),
        "status": _status(component, reason),
    }


def _status(component: registry.Component, reason: str | None) -> str:
    remarks = [f"unavailable: {reason}"] if reason else []
    if displayed_name(component) != component.name:
        remarks.append(f"write {component.qualified}")
    return "; ".join(remarks) or "ok"


def _print_lists(components: list[dict[str, Any]], *, with_presets: bool) -> None:
    """Print one list per kind; status and origin are omitted for working core components."""
    for kind, entries in groupby(components, key=lambda entry: entry["kind"]):
        print_names(kind, [(entry["name"], _text(entry)) for entry in entries])
    if with_presets:
        typer.echo("\ngaussrep settings NAME lists settings and presets of a method.")


def _text(entry: dict[str, Any]) -> str:
    origin = entry["distribution"]
    where = "" if origin == CORE else f" ({origin} {entry['version']})"
    status = (
        "" if entry["status"] == "ok" else f" {entry['status'][0].upper()}{entry['status'][1:]}."
    )
    return f"{entry['summary']}{where}{status}"


def _failure(failure: PluginFailure) -> dict[str, str]:
    return {
        "distribution": failure.distribution,
        "version": failure.version,
        "entry_point": failure.entry_point,
        "phase": failure.phase,
        "error": failure.error,
    }
