"""How OpenMP's threads, which torch computes with, wait.

OpenMP's threads spin before they block. While cores are free, this saves the time of waking them
up. If another process computes on the same cores, a program becomes several times slower: a
thread that spins occupies the core that the thread it waits for needs. So gaussrep lets threads
spin while this process gets the cores it asks for, and makes them block while it does not. Results
do not depend on it.
"""

import atexit
import ctypes
import os
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from threading import Event, Lock, Thread
from time import process_time
from typing import Literal, get_args

from gaussrep.errors import ConfigError
from gaussrep.runtime.cores import affinity_cores, usable_cores

Wait = Literal["adaptive", "passive", "active"]

SHORTEST_WATCH, LONGEST_WATCH = 0.25, 1.0
"""Seconds over which the watch measures contention (design choice)."""
FIRST_HOLD, LONGEST_HOLD = 2.0, 30.0
"""Seconds for which threads block before the watch measures again (design choice)."""
CHECK = 1.0
"""Seconds between looks at whether the machine has become quiet, while threads block."""
CONTENTION, QUIET = 0.7, 0.3
"""Threads that are ready to run and wait for a core, on average: those from which threads block,
and those below which they spin again (design choices). On two cores, one other process per core
makes it 1.1 while threads spin and 0.7 while they block; work of low priority made it 0.4."""
COMPETITION = 0.2
"""Fraction of its time for which a thread that could run waits for a core, from which others are
taken to compete (design choice). On two cores, one other process per core makes it 0.35 to 0.45;
loader workers of a training made it 0.07."""
AVERAGED = 3.0
"""Seconds over which it is averaged (design choice)."""
BOUNDED_MS = 1
"""Milliseconds that Intel's and LLVM's OpenMP may spin; by default they spin for 200."""

_TASKS = Path("/proc/self/task")
_MAPS = Path("/proc/self/maps")
_GNU_VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
_LLVM_VARIABLES = ("OMP_WAIT_POLICY", "KMP_BLOCKTIME", "KMP_LIBRARY")


def prepare_process(environ: MutableMapping[str, str] = os.environ) -> None:
    """Choose threads and waiting for a program, before it imports torch.

    Variables that the user set are kept, and nothing is done about what they decide. A smaller
    number of threads is only set if a cgroup grants less than the cores of the affinity, which
    OpenMP follows on its own.

    Args:
        environ: Environment of this process and of those that it will start.
    """
    cores = usable_cores()
    if cores < affinity_cores():
        environ.setdefault("OMP_NUM_THREADS", str(cores))
    if not any(name in environ for name in _LLVM_VARIABLES):
        environ["KMP_BLOCKTIME"] = str(BOUNDED_MS)
    if environ.get("OMP_NUM_THREADS") != "1" and not any(v in environ for v in _GNU_VARIABLES):
        set_wait("adaptive")


def set_wait(wait: Wait) -> Wait:
    """Choose how the threads of the OpenMP libraries in this process wait, at any time.

    Args:
        wait: `"adaptive"` blocks while other processes compete for the cores, and spins while none
            do; `"passive"` always blocks; `"active"` leaves it to the library.

    Returns:
        The choice before.

    Raises:
        ConfigError: `wait` is something else.
    """
    if wait not in get_args(Wait):
        choices = ", ".join(map(repr, get_args(Wait)))
        raise ConfigError(f"wait is {wait!r}, expected one of {choices}.")
    return _waiting.choose(wait)


def has_competition() -> bool:
    """Tell whether other processes compete for the cores.

    Returns:
        Whether they did in the last seconds; False unless threads wait adaptively, and on systems
        other than Linux.
    """
    return _waiting.waited > COMPETITION * (_waiting.waited + _waiting.ran)


class SpinBrake:
    """Makes the threads of GNU's OpenMP block instead of spin, until it is released.

    The library spins for 100 rounds instead of 300,000 while a process has more OpenMP threads than
    cores (GOMP_SPINCOUNT in its manual). This is brought about by a thread that keeps a team of
    threads which do nothing.

    Args:
        library: GNU's OpenMP, as loaded in this process.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._held, self._released = Event(), Event()
        self._thread = Thread(
            target=self._hold, args=(library,), name="gaussrep-spin-brake", daemon=True
        )
        self._thread.start()
        self._held.wait()

    def release(self) -> None:
        """Let the threads spin again."""
        self._released.set()
        self._thread.join()

    def _hold(self, library: ctypes.CDLL) -> None:
        start_team = library.GOMP_parallel
        start_team.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
        nothing = ctypes.cast(library.omp_get_level, ctypes.c_void_p)
        start_team(nothing, None, library.omp_get_num_procs() + 1, 0)
        self._held.set()
        self._released.wait()


class _Waiting:
    """The choice of this process, and the objects that implement it."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over in a forked child, where the threads that held and watched are missing."""
        self._lock = Lock()
        self._wait: Wait = "active"
        self._brakes: list[SpinBrake] = []
        self._stop: Event | None = None
        self._watch: Thread | None = None
        self._forget_measurements()

    def choose(self, wait: Wait) -> Wait:
        with self._lock:
            before, self._wait = self._wait, wait
            if wait == before:
                return before
            self._end_watch()
            self.release()
            if wait == "adaptive":
                self._start_watch()
            elif wait == "passive":
                self.brake()
            _set_block_time(wait)
            return before

    def brake(self) -> bool:
        """Hold the threads of all libraries back; whether there are any."""
        self._brakes = [SpinBrake(library) for library in _libraries() if _is_gnu(library)]
        return bool(self._brakes)

    def release(self) -> None:
        for brake in self._brakes:
            brake.release()
        self._brakes = []

    def _start_watch(self) -> None:
        if not _TASKS.is_dir():  # only Linux has GNU's OpenMP
            return
        self._stop = Event()
        self._watch = Thread(
            target=_watch, args=(self, self._stop), name="gaussrep-wait", daemon=True
        )
        self._watch.start()

    def _end_watch(self) -> None:
        if self._watch is not None and self._stop is not None:
            self._stop.set()
            self._watch.join()
        self._watch = self._stop = None
        self._forget_measurements()

    def _forget_measurements(self) -> None:
        self.ready = self.waited = self.ran = self._seconds = 0.0

    def measure(self, seconds: float, stop: Event) -> bool:
        """Measure how many threads wait for a core, and how many run; False if the watch ends."""
        waited, ran = seconds_ready(), process_time()
        if stop.wait(seconds):
            return False
        self.ready = (seconds_ready() - waited) / seconds
        self._seconds = min(self._seconds + seconds, AVERAGED)
        weight = seconds / self._seconds
        self.waited += weight * (self.ready - self.waited)
        self.ran += weight * ((process_time() - ran) / seconds - self.ran)
        return True


def _watch(waiting: _Waiting, stop: Event) -> None:
    """Block while there is contention; after 2 s, 4 s, … spin briefly to see whether it lasts."""
    hold, period = FIRST_HOLD, SHORTEST_WATCH
    while waiting.measure(period, stop):
        if waiting.ready > CONTENTION and waiting.brake():
            _hold(waiting, hold, stop)
            waiting.release()
            hold, period = min(2 * hold, LONGEST_HOLD), SHORTEST_WATCH
        else:
            hold, period = FIRST_HOLD, min(2 * period, LONGEST_WATCH)


def _hold(waiting: _Waiting, seconds: float, stop: Event) -> None:
    """Wait while threads block, for a shorter time if the machine becomes quiet."""
    for _ in range(round(seconds / CHECK)):
        if not waiting.measure(CHECK, stop) or waiting.ready < QUIET:
            return


def seconds_ready() -> float:
    """Sum the time that this process's threads were ready to run and waited for a core.

    Returns:
        Seconds since their start, of the threads that exist.
    """
    waited = 0
    for task in _TASKS.iterdir():
        try:
            waited += int((task / "schedstat").read_bytes().split()[1])
        except (OSError, IndexError):  # the thread has ended, or the kernel keeps no statistics
            continue
    return waited / 1e9


def _set_block_time(wait: Wait) -> None:
    """Set how long the team of this thread spins, in Intel's and LLVM's OpenMP."""
    for library in _libraries():
        if not _is_gnu(library):
            default = _block_times.setdefault(library._name, library.kmp_get_blocktime())
            times = {"adaptive": BOUNDED_MS, "passive": 0, "active": default}
            library.kmp_set_blocktime(times[wait])


def _is_gnu(library: ctypes.CDLL) -> bool:
    """Whether it is GNU's; the others have its functions, too."""
    return not hasattr(library, "kmp_set_blocktime")


def _libraries() -> Iterator[ctypes.CDLL]:
    """Find the OpenMP libraries that this process has loaded."""
    if _MAPS.exists():
        lines = _MAPS.read_text(encoding="utf-8").splitlines()
        mapped = {line.split(maxsplit=5)[-1] for line in lines}
        names = {f for f in mapped if _is_openmp(Path(f).name) and Path(f).exists()}
    elif "torch" in sys.modules:
        names = {str(file) for file in _torch_folder().iterdir() if _is_openmp(file.name)}
    else:
        names = set()
    return map(ctypes.CDLL, sorted(names))


def _is_openmp(name: str) -> bool:
    return name.startswith(("libgomp", "libomp.", "libiomp5"))


def _torch_folder() -> Path:
    file = sys.modules["torch"].__file__
    assert file is not None
    return Path(file).parent / "lib"


_waiting = _Waiting()
atexit.register(set_wait, "active")
_block_times: dict[str, int] = {}
"""Milliseconds that a library spins by default, by file."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_waiting.forget)
