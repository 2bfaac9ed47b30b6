"""`gaussrep doctor`: imports everything and says what is broken."""

import platform

import typer

from gaussrep import __version__, plugins
from gaussrep.cli.examination import Finding, examine_component, examine_library
from gaussrep.cli.problems import problems
from gaussrep.cli.table import print_table

BROKEN = 1


def doctor() -> None:
    """Import everything, show versions, device and the full traceback of what fails.

    Exits with 1 if something is broken, and with 0 if only optional things are missing.
    """
    failures = problems()
    libraries = _libraries()
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


def _libraries() -> list[Finding]:
    torch = examine_library("torch")
    return [
        Finding("gaussrep", "ok", __version__),
        Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}"),
        torch,
        Finding("device", "ok", _device() if torch.status == "ok" else "unknown without torch"),
        examine_library("numpy"),
        examine_library("numba", optional=True),
        Finding(
            "renderer", "ok", _renderers() if torch.status == "ok" else "unknown without torch"
        ),
    ]


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        names = (torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
        return f"cuda: {', '.join(names)}"
    if torch.backends.mps.is_available():
        return "mps"
    return f"cpu, {torch.get_num_threads()} threads"


def _renderers() -> str:
    """What `auto` takes on each device that is here."""
    import torch

    from gaussrep.rendering.choice import Request, candidates

    devices = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    chosen = {
        device: next(
            (c.component.name for c in candidates(Request(device)) if not c.refusal), "none"
        )
        for device, is_here in devices.items()
        if is_here
    }
    return ", ".join(f"{name} on {device}" for device, name in chosen.items())


def _section(title: str, traceback: str) -> None:
    typer.echo(f"\n{title}")
    if traceback:
        typer.echo(traceback.rstrip())
