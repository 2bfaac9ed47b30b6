"""Resources used by this process and by those that it started."""

import sys
from types import ModuleType


def processor_seconds() -> float:
    """User and system time up to now; that of processes counts once they have ended."""
    return sum(_seconds(name) for name in ("RUSAGE_SELF", "RUSAGE_CHILDREN"))


def child_seconds() -> float:
    """User and system time of the processes that have ended."""
    return _seconds("RUSAGE_CHILDREN")


def require_resource() -> ModuleType:
    """Import Python's `resource`, which Windows lacks, or end the program with a sentence."""
    try:
        import resource
    except ModuleNotFoundError:
        sys.exit("This benchmark measures with Python's module resource; run it on Linux or macOS.")
    return resource


def _seconds(name: str) -> float:
    resource = require_resource()
    used = resource.getrusage(getattr(resource, name))
    return used.ru_utime + used.ru_stime
