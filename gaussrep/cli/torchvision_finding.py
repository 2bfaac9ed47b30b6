"""Whether torchvision fits the torch that is here: its compiled part knows one build only."""

from dataclasses import replace
from importlib.metadata import requires, version

from packaging.requirements import Requirement

from gaussrep.cli.examination import Finding, examine_library
from gaussrep.plugins.requirements import unmet

CURE = "install both from one index: pip install --force-reinstall torch torchvision"


def examine_torchvision() -> Finding:
    """Import torchvision, and compare the torch that it was built for with the one here.

    A torchvision of another torch may import and fail later, so that its own requirement counts
    too.

    Returns:
        What came of it; `unavailable` where it is not installed, which is no defect.
    """
    found = examine_library("torchvision", optional=True)
    if found.status == "failed":
        return replace(found, remark=f"{found.remark}; {CURE}")
    if found.status == "ok" and (wanted := _unmet_torch()):
        remark = f"{found.remark} is built for {wanted}, here is {version('torch')}; {CURE}"
        return replace(found, status="failed", remark=remark)
    return found


def _unmet_torch() -> str:
    given = requires("torchvision") or []
    return ", ".join(unmet(text for text in given if Requirement(text).name == "torch"))
