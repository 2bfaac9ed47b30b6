"""Checks of the installation: libraries, device, renderers and components."""

import platform
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import requires, version
from traceback import format_exception
from typing import Literal

from packaging.requirements import Requirement

from gaussrep import __version__, plugins
from gaussrep.config.components import config_class
from gaussrep.config.presets import presets
from gaussrep.errors import ConfigError, PluginError, UnavailableError
from gaussrep.plugins.requirements import unmet


@dataclass(frozen=True, slots=True)
class Check:
    """The result of importing something.

    Args:
        subject: Name of the import.
        status: Whether it works; something optional that is not installed is `unavailable`.
        remark: Its version, or the error in one line.
        traceback: Traceback of the error.
    """

    subject: str
    status: Literal["ok", "unavailable", "failed"]
    remark: str = ""
    traceback: str = ""


def check_component(component: plugins.Component) -> Check:
    """Import everything that a record names: settings, target, report and presets.

    A renderer is also constructed.

    Args:
        component: The component.

    Returns:
        The result.
    """
    subject = str(component)
    try:
        config_class(component.kind, component.qualified)
        if component.missing:
            return Check(subject, "unavailable", component.install)
        component.load()
        if isinstance(component.record, plugins.MethodRecord):
            component.load_report()
        if isinstance(component.record, (plugins.MethodRecord, plugins.EvaluationRecord)):
            presets(component)
    except (PluginError, ConfigError) as error:
        return Check(subject, "failed", str(error), "".join(format_exception(error)))
    return _check_renderer(component) if component.kind == "renderers" else Check(subject, "ok")


def _check_renderer(component: plugins.Component) -> Check:
    """Construct a renderer, which then looks for its device and compiler."""
    from gaussrep.rendering.dispatch import get_renderer  # after load(): it imports torch

    subject = str(component)
    try:
        get_renderer(component.qualified)
    except UnavailableError as error:
        return Check(subject, "unavailable", str(error))
    except Exception as error:  # any error of a plugin is shown
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Check(subject, "failed", reason, "".join(format_exception(error)))
    return Check(subject, "ok")


def check_library(name: str, *, optional: bool = False) -> Check:
    """Import a library.

    Args:
        name: Name of its module.
        optional: Whether gaussrep works without it, so that its absence is not a failure.

    Returns:
        The result; its version if it works.
    """
    try:
        module = import_module(name)
    except Exception as error:  # any error of a broken installation is shown
        if optional and isinstance(error, ModuleNotFoundError) and error.name == name:
            return Check(name, "unavailable", "not installed")
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Check(name, "failed", reason, "".join(format_exception(error)))
    return Check(name, "ok", module.__version__)


CURE = "install both from one index: pip install --force-reinstall torch torchvision"


def check_torchvision() -> Check:
    """Import torchvision, and compare the torch that it was built for with the installed one.

    A torchvision built for another torch may import and fail later, so its requirement is checked.

    Returns:
        The result; `unavailable` if it is not installed, which is not a defect.
    """
    found = check_library("torchvision", optional=True)
    if found.status == "failed":
        return replace(found, remark=f"{found.remark}; {CURE}")
    if found.status == "ok" and (wanted := _unmet_torch()):
        remark = f"{found.remark} is built for {wanted}, installed is {version('torch')}; {CURE}"
        return replace(found, status="failed", remark=remark)
    return found


def _unmet_torch() -> str:
    given = requires("torchvision") or []
    return ", ".join(unmet(text for text in given if Requirement(text).name == "torch"))


UNKNOWN = "unknown without torch"


def check_platform() -> list[Check]:
    """Check libraries, device and renderers.

    Returns:
        One result each; an error explains those after it.
    """
    torch, numba = check_library("torch"), check_library("numba", optional=True)
    has_torch = torch.status == "ok"
    return [
        Check("gaussrep", "ok", __version__),
        Check("python", "ok", f"{platform.python_version()} on {platform.platform()}"),
        torch,
        *([check_torchvision()] if has_torch else []),
        Check("device", "ok", _device() if has_torch else UNKNOWN),
        check_library("numpy"),
        numba,
        *([_kernels()] if numba.status == "ok" else []),
        check_library("triton", optional=True),
        Check("renderer", "ok", _renderers() if has_torch else UNKNOWN),
    ]


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        names = (torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
        return f"cuda: {', '.join(names)}"
    if torch.backends.mps.is_available():
        return "mps"
    return f"cpu, {torch.get_num_threads()} threads"


def _kernels() -> Check:
    """Check the cache of compiled kernels."""
    from gaussrep.kernels.cache import cache_folder
    from gaussrep.kernels.processor import vector_width

    folder = cache_folder()
    if folder is not None:
        return Check("kernels", "ok", f"{vector_width()} lanes, kept in {folder}")
    return Check(
        "kernels",
        "unavailable",
        "compiled in every process: no folder to keep them is writable; set NUMBA_CACHE_DIR to one",
    )


def _renderers() -> str:
    """Find the renderer that `auto` selects on each available device."""
    import torch

    from gaussrep.rendering.dispatch import RenderRequirements, candidates

    devices = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    chosen = {
        device: next(
            (
                c.component.name
                for c in candidates(RenderRequirements(device))
                if not c.unavailable_reason
            ),
            "none",
        )
        for device, is_here in devices.items()
        if is_here
    }
    return ", ".join(f"{name} on {device}" for device, name in chosen.items())
