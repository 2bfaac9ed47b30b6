"""Processor cores that this process may use: those of its affinity, within its cgroup's quota."""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

__all__ = ["usable_cores"]

_GROUPS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Count the cores that this process may use.

    On Linux, these are the cores of its affinity (`taskset`, SLURM, a container's `cpuset`), and at
    most as many as the processor time that its cgroup grants (`docker run --cpus`, Kubernetes'
    limits), rounded up. Elsewhere, all cores.

    Returns:
        A number >= 1.
    """
    quota = cgroup_quota()
    here = affinity_cores()
    return here if quota is None else max(1, min(here, math.ceil(quota)))


def affinity_cores() -> int:
    """Count the cores of this process's affinity; all cores if a system has none.

    Returns:
        A number >= 1.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cgroup_quota(groups: Path = _GROUPS, mount: Path = _MOUNT) -> float | None:
    """Read the processor time that the cgroups of this process grant, versions 1 and 2.

    The limits of all groups above apply, too; the smallest one counts. In a container, the listed
    groups may be those of the host, which are not mounted, and its own is at the top.

    Args:
        groups: File that lists the groups of this process.
        mount: Folder where cgroups are mounted.

    Returns:
        Seconds of processor time per second; None without a limit.
    """
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return min((quota for line in lines for quota in _quotas(line, mount)), default=None)


def _quotas(line: str, mount: Path) -> Iterator[float]:
    """Read the limits of one line, `0::/path` or `4:cpu,cpuacct:/path`, from its group upward."""
    _, _, rest = line.partition(":")
    controllers, _, path = rest.partition(":")
    if controllers and "cpu" not in controllers.split(","):
        return
    root = mount / "cpu" if controllers else mount
    group = PurePosixPath(path.lstrip("/"))
    for folder in (root / group, *(root / parent for parent in group.parents)):
        quota = _quota_v1(folder) if controllers else _quota_v2(folder)
        if quota is not None:
            yield quota


def _quota_v2(folder: Path) -> float | None:
    words = _words(folder / "cpu.max")
    return int(words[0]) / int(words[1]) if len(words) == 2 and words[0] != "max" else None


def _quota_v1(folder: Path) -> float | None:
    quota, period = _words(folder / "cpu.cfs_quota_us"), _words(folder / "cpu.cfs_period_us")
    return int(quota[0]) / int(period[0]) if quota and period and int(quota[0]) > 0 else None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split()
    except OSError:
        return []
