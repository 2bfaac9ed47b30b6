"""The cores that a process may use, from its affinity and its cgroup."""

import os
import subprocess
import sys

import pytest

from gaussrep.runtime import cores
from gaussrep.runtime.cores import affinity_cores, cgroup_quota, usable_cores


@pytest.fixture
def group(tmp_path):
    """Write the list of groups, and files below the mount; give what `cgroup_quota` takes."""

    def write(listed, **files):
        (tmp_path / "cgroup").write_text(listed)
        for name, text in files.items():
            file = tmp_path / "mount" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path / "cgroup", tmp_path / "mount"

    return write


V1 = "5:cpuset:/job\n4:cpu,cpuacct:/job\n"


@pytest.mark.parametrize(
    ("listed", "files", "quota"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {}, None),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "50000 100000"}, 0.5),
        ("0::/a/b\n", {"a/b/cpu.max": "200000 100000", "cpu.max": "300000 100000"}, 2.0),
        ("0::/not/mounted\n", {"cpu.max": "400000 100000"}, 4.0),
        (V1, {"cpu/job/cpu.cfs_quota_us": "-1", "cpu/job/cpu.cfs_period_us": "100000"}, None),
        (V1, {"cpu/job/cpu.cfs_quota_us": "250000", "cpu/job/cpu.cfs_period_us": "100000"}, 2.5),
        (V1, {"cpu/cpu.cfs_quota_us": "20000", "cpu/cpu.cfs_period_us": "10000"}, 2.0),
        ("5:cpuset:/job\n", {"cpu/job/cpu.cfs_quota_us": "1", "cpu.max": "1 1"}, None),
    ],
)
def test_the_smallest_quota_of_a_group_and_those_above_counts(group, listed, files, quota):
    assert cgroup_quota(*group(listed, **files)) == quota


def test_without_cgroups_there_is_no_quota(tmp_path):
    assert cgroup_quota(tmp_path / "none", tmp_path) is None


@pytest.mark.parametrize(
    ("quota", "expected"), [(None, 4), (1.5, 2), (3.0, 3), (0.1, 1), (64.0, 4)]
)
def test_a_quota_is_rounded_up_and_never_more_than_the_affinity(monkeypatch, quota, expected):
    monkeypatch.setattr(cores, "affinity_cores", lambda: 4)
    monkeypatch.setattr(cores, "cgroup_quota", lambda: quota)
    assert usable_cores() == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_affinity_counts():
    code = (
        "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])\n"
        "from gaussrep.runtime.cores import usable_cores; print(usable_cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "1\n"


def test_a_system_without_affinity_has_all_cores(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert affinity_cores() == 6
