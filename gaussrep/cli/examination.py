"""Importing one thing to see whether it works."""

from dataclasses import dataclass
from importlib import import_module
from traceback import format_exception
from typing import Literal

from gaussrep import plugins
from gaussrep.config import presets
from gaussrep.config.components import config_class
from gaussrep.errors import ConfigError, PluginError
from gaussrep.plugins.requirements import install_line


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of importing something.

    Args:
        subject: What was imported.
        status: Whether it works; `unavailable` is something optional that is not installed.
        remark: Its version, or what is wrong in one line.
        traceback: Of what failed.
    """

    subject: str
    status: Literal["ok", "unavailable", "failed"]
    remark: str = ""
    traceback: str = ""


def examine_component(component: plugins.Component) -> Finding:
    """Import all that a record names: settings, target, report and presets.

    Args:
        component: The component.

    Returns:
        What came of it.
    """
    subject = str(component)
    try:
        config_class(component.kind, component.qualified)
        if missing := component.missing:
            return Finding(subject, "unavailable", install_line(missing))
        component.load()
        if isinstance(component.record, plugins.MethodRecord):
            component.load_report()
            presets(component)
    except (PluginError, ConfigError) as error:
        return Finding(subject, "failed", str(error), "".join(format_exception(error)))
    return Finding(subject, "ok")


def examine_library(name: str, *, optional: bool = False) -> Finding:
    """Import a library.

    Args:
        name: Name of its module.
        optional: Whether gaussrep can do without it.

    Returns:
        What came of it; where it works, its version.
    """
    try:
        module = import_module(name)
    except Exception as error:  # whatever a broken installation raises is what we want to show
        status = "unavailable" if optional else "failed"
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Finding(name, status, reason, "".join(format_exception(error)))
    return Finding(name, "ok", module.__version__)
