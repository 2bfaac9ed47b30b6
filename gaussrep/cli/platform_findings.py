"""What gaussrep stands on here: libraries, device, the renderers chosen, where kernels are kept."""

import platform

from gaussrep import __version__
from gaussrep.cli.examination import Finding, examine_library
from gaussrep.cli.torchvision_finding import examine_torchvision

UNKNOWN = "unknown without torch"


def examine_platform() -> list[Finding]:
    """Import the libraries that everything needs, and ask torch what is here.

    Returns:
        A row each, in the order in which one thing explains the next.
    """
    torch, numba = examine_library("torch"), examine_library("numba", optional=True)
    has_torch = torch.status == "ok"
    return [
        Finding("gaussrep", "ok", __version__),
        Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}"),
        torch,
        *([examine_torchvision()] if has_torch else []),
        Finding("device", "ok", _device() if has_torch else UNKNOWN),
        examine_library("numpy"),
        numba,
        *([_kernels()] if numba.status == "ok" else []),
        Finding("renderer", "ok", _renderers() if has_torch else UNKNOWN),
    ]


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        names = (torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
        return f"cuda: {', '.join(names)}"
    if torch.backends.mps.is_available():
        return "mps"
    return f"cpu, {torch.get_num_threads()} threads"


def _kernels() -> Finding:
    """Where the `cpu` renderer keeps what it compiled."""
    from gaussrep.kernels.cache import cache_folder

    folder = cache_folder()
    if folder is not None:
        return Finding("kernels", "ok", f"kept in {folder}")
    return Finding(
        "kernels",
        "unavailable",
        "compiled in every process: no folder to keep them is writable; set NUMBA_CACHE_DIR to one",
    )


def _renderers() -> str:
    """What `auto` takes on each device that is here."""
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
