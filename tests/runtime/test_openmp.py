"""How OpenMP's threads wait: variables before torch is imported, and changes at run time."""

import os
import subprocess
import sys
from itertools import chain
from pathlib import Path
from textwrap import dedent
from threading import Event

import pytest
import torch

from gaussrep.runtime import openmp
from gaussrep.runtime.openmp import CHECK, CONTENTION, FIRST_HOLD, QUIET, prepare_process, set_wait

VARIABLES = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")
HAS_GNU = any("libgomp" in file.name for file in (Path(torch.__file__).parent / "lib").iterdir())


def run(code, **variables):
    """Output of a program in a fresh process."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        env=kept | variables, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


COMMAND = """
    import os, sys
    from gaussrep.cli.main import main
    sys.argv = ["gaussrep", "--version"]
    try:
        main()
    except SystemExit:
        pass
    from gaussrep.runtime.openmp import set_wait
    assert "torch" not in sys.modules
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
    print(*(os.environ.get(name, "-") for name in names), set_wait("active"))
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["-", "-", "1", "adaptive"]),
        ({"OMP_WAIT_POLICY": "active"}, ["active", "-", "-", "active"]),
        ({"OMP_WAIT_POLICY": "passive"}, ["passive", "-", "-", "active"]),
        ({"GOMP_SPINCOUNT": "77"}, ["-", "77", "1", "active"]),
        ({"KMP_BLOCKTIME": "5"}, ["-", "-", "5", "adaptive"]),
        ({"KMP_LIBRARY": "turnaround"}, ["-", "-", "-", "adaptive"]),
        ({"OMP_NUM_THREADS": "1"}, ["-", "-", "1", "active"]),
    ],
)
def test_the_command_waits_adaptively_and_keeps_what_the_user_set(given, expected):
    assert run(COMMAND, **given)[-4:] == expected


@pytest.fixture
def cores(monkeypatch):
    """Set the cores of the affinity, and those that may be used; nothing starts to watch."""
    monkeypatch.setattr(openmp, "set_wait", lambda wait: None)

    def give(affinity, usable):
        monkeypatch.setattr(openmp, "affinity_cores", lambda: affinity)
        monkeypatch.setattr(openmp, "usable_cores", lambda: usable)

    return give


@pytest.mark.parametrize(
    ("affinity", "usable", "given", "threads"),
    [(8, 8, {}, None), (8, 3, {}, "3"), (8, 3, {"OMP_NUM_THREADS": "5"}, "5")],
)
def test_a_quota_sets_the_number_of_threads(cores, affinity, usable, given, threads):
    cores(affinity, usable)
    environ = dict(given)
    prepare_process(environ)
    assert environ.get("OMP_NUM_THREADS") == threads


def test_it_says_how_threads_waited_before():
    set_wait("active")
    assert [set_wait(wait) for wait in ("passive", "adaptive", "adaptive", "active")] == [
        "active", "passive", "adaptive", "adaptive",
    ]  # fmt: skip


THREADS = """
    import os, torch
    from gaussrep.runtime.openmp import set_wait
    torch.set_num_threads(2)
    sums = [torch.ones(10**6).sum().item()]
    counts = [len(os.listdir("/proc/self/task"))]
    for wait in ("passive", "active"):
        set_wait(wait)
        sums.append(torch.ones(10**6).sum().item())
        counts.append(len(os.listdir("/proc/self/task")))
    assert sums == [1e6] * 3
    print(counts[1] - counts[0], counts[2] <= counts[1])
"""


@pytest.mark.skipif(not HAS_GNU or not Path("/proc/self/task").is_dir(), reason="no GNU OpenMP")
def test_to_block_makes_more_openmp_threads_than_cores():
    added, ended = run(THREADS)
    assert int(added) == len(os.sched_getaffinity(0)) + 1
    assert ended == "True"


FORK = """
    import os, torch
    from gaussrep.runtime.openmp import set_wait
    set_wait("passive")
    child = os.fork()
    if not child:
        os._exit(0 if (set_wait("adaptive"), set_wait("active")) == ("active", "adaptive") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert set_wait("active") == "passive"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no fork here")
def test_a_forked_child_starts_over():
    run(FORK)


class Machine:
    """A machine on which others compute from one second to another one, and its clock."""

    def __init__(self, begin, end, length, libraries=True):
        self.now, self.ready, self.log = 0.0, 0.0, []
        self.begin, self.end, self.length, self.libraries = begin, end, length, libraries

    def pass_time(self, seconds):
        is_busy = self.begin <= self.now < self.end
        self.ready += seconds * (2 * CONTENTION if is_busy else QUIET / 2)
        self.now += seconds
        return self.now > self.length


class Clock(Event):
    def __init__(self, machine):
        super().__init__()
        self._machine = machine

    def wait(self, timeout=None):
        return self._machine.pass_time(timeout)


class Brakes(openmp._Waiting):
    def __init__(self, machine):
        super().__init__()
        self._machine = machine

    def brake(self):
        if self._machine.libraries:
            self._machine.log.append(("brake", self._machine.now))
        return self._machine.libraries

    def release(self):
        self._machine.log.append(("release", self._machine.now))


@pytest.fixture
def simulate(monkeypatch):
    def simulate(*given, **options):
        machine = Machine(*given, **options)
        monkeypatch.setattr(openmp, "seconds_ready", lambda: machine.ready)
        openmp._watch(Brakes(machine), Clock(machine))
        return machine.log

    return simulate


def test_threads_spin_on_a_quiet_machine(simulate):
    assert simulate(100, 100, 60) == []


def test_threads_block_soon_and_are_tried_less_and_less_often(simulate):
    log = simulate(0, 1000, 60)
    assert [name for name, _ in log[:6]] == ["brake", "release"] * 3
    assert log[0][1] <= 0.5
    blocked = [end[1] - start[1] for start, end in zip(log[::2], log[1::2], strict=True)]
    assert blocked[:3] == [FIRST_HOLD, 2 * FIRST_HOLD, 4 * FIRST_HOLD]


def test_threads_spin_again_when_the_machine_becomes_quiet(simulate):
    log = simulate(5, 20, 60)
    assert log[0][0] == "brake"
    assert 5 < log[0][1] <= 7
    assert log[-1][0] == "release"
    assert log[-1][1] <= 20 + 2 * CHECK + 0.5


def test_without_a_library_it_goes_on_watching(simulate):
    assert simulate(0, 1000, 10, libraries=False) == []


@pytest.mark.parametrize(
    ("waited", "ran", "competes"),
    [
        ([], 0.0, False),
        ([0.0], 0.0, False),
        ([0.02, 0.3, 0.02, 0.3], 1.9, False),  # the process's own loader workers
        ([0.4] * 3, 16.0, False),  # sixteen threads that rarely wait
        ([0.35, 0.35, 0.35], 0.65, True),
        ([0.5], 0.5, True),
        ([0.5, 0.0, 0.0, 0.0], 0.5, False),
    ],
)
def test_competition_is_averaged_over_some_seconds(monkeypatch, waited, ran, competes):
    waiting, endless = openmp._Waiting(), Event()
    ready = iter(chain.from_iterable((0.0, value) for value in waited))
    times = iter([0.0, ran] * len(waited))
    monkeypatch.setattr(endless, "wait", lambda seconds: False)
    monkeypatch.setattr(openmp, "_waiting", waiting)
    monkeypatch.setattr(openmp, "seconds_ready", lambda: next(ready))
    monkeypatch.setattr(openmp, "process_time", lambda: next(times))
    for _ in waited:
        assert waiting.measure(1.0, endless)
    assert openmp.has_competition() == competes


def test_competition_is_forgotten_with_the_watch(monkeypatch):
    waiting = openmp._Waiting()
    waiting.waited = 1.0
    monkeypatch.setattr(openmp, "_waiting", waiting)
    assert openmp.has_competition()
    waiting._end_watch()
    assert not openmp.has_competition()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="no /proc here")
def test_time_that_threads_wait_for_a_core_is_read():
    assert openmp.seconds_ready() >= 0
