"""Importing one thing to see whether it works."""

from dataclasses import dataclass
from importlib import import_module
from traceback import format_exception
from typing import Literal

from gaussrep import plugins
from gaussrep.config import presets
from gaussrep.config.components import config_class
from gaussrep.errors import ConfigError, PluginError, UnavailableError


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
    """Import all that a record names: settings, target, report and presets; make a renderer.

    Args:
        component: The component.

    Returns:
        What came of it.
    """
    subject = str(component)
    try:
        config_class(component.kind, component.qualified)
        if component.missing:
            return Finding(subject, "unavailable", component.install)
        component.load()
        if isinstance(component.record, plugins.MethodRecord):
            component.load_report()
            presets(component)
    except (PluginError, ConfigError) as error:
        return Finding(subject, "failed", str(error), "".join(format_exception(error)))
    return _examine_renderer(component) if component.kind == "renderers" else Finding(subject, "ok")


def _examine_renderer(component: plugins.Component) -> Finding:
    """Make a renderer, which is when it looks for its device and its compiler."""
    from gaussrep.rendering.dispatch import get_renderer  # after load(): it imports torch

    subject = str(component)
    try:
        get_renderer(component.qualified)
    except UnavailableError as error:
        return Finding(subject, "unavailable", str(error))
    except Exception as error:  # whatever a plugin's renderer raises is what we want to show
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Finding(subject, "failed", reason, "".join(format_exception(error)))
    return Finding(subject, "ok")


def examine_library(name: str, *, optional: bool = False) -> Finding:
    """Import a library.

    Args:
        name: Name of its module.
        optional: Whether gaussrep can do without it, so that its absence is no failure.

    Returns:
        What came of it; where it works, its version.
    """
    try:
        module = import_module(name)
    except Exception as error:  # whatever a broken installation raises is what we want to show
        if optional and isinstance(error, ModuleNotFoundError) and error.name == name:
            return Finding(name, "unavailable", "not installed")
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Finding(name, "failed", reason, "".join(format_exception(error)))
    return Finding(name, "ok", module.__version__)
