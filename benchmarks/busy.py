"""Time training and fitting on a quiet machine and beside one spinning process per core.

python benchmarks/busy.py BEFORE --rooms FOLDER [--out FILE] [--turns N] [--seconds S]
                          [--workload NAME]...

BEFORE is the folder of an older checkout; it is compared with the checkout of this script. FOLDER
holds rooms of `gaussrep make-rooms`. Needs Linux.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gaussrep.runtime.atomic_files import write_json
from harness.report import describe_origin
from same_numbers import commit, environment

AFTER = Path(__file__).parents[1]
OUT = Path(__file__).parent / "results" / "busy.json"
ENDLESS, WARM, SETTLE_S, POLL_S, START_S = 10**6, 5, 1.0, 0.02, 300
CONDITIONS = ("quiet", "busy")
LIBRARY_VARIABLES = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
COMMANDS = {
    "gmae": ["train", "gmae", "--preset", "demo", "trainer.log_every=1"],
    "fit": ["fit", "synthetic:balls", "log_every=1"],
    "gaussiancross": ["train", "gaussiancross", "--preset", "demo", "trainer.log_every=1"],
}
DEFINITIONS = {
    "steps_per_second": "optimizer steps per second of the clock, within a window of some seconds",
    "cores": "processor time of the process per second of the clock in that window",
    "others": "processor time per second of all other processes but the spinning ones: work that "
    "the machine had besides",
    "conditions": f"quiet: from step {WARM} of a process on; busy: the same of a process that was "
    f"started while others spun, one per core and of the same priority, {SETTLE_S:g} s later",
    "builds": "old: the older checkout, as it comes; new: this one, as it comes; one: this one "
    "with OMP_NUM_THREADS=1. They take turns, in another order in every turn",
    "medians": "over the turns; ratios are those within a turn, and then the median",
    "autogroup": "the session's priority if Linux groups processes by session: at -20, the work "
    "of other sessions gets little of the processor",
}


@dataclass(frozen=True)
class Window:
    """What a process did in a window of time.

    Args:
        steps_per_second: Optimizer steps.
        cores: Processor seconds per second.
        others: Processor seconds per second of other processes, the spinning ones excluded.
    """

    steps_per_second: float
    cores: float
    others: float


class Spinners:
    """One process per core that computes without end, or pauses."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", "while True: pass"]
        self._processes = [subprocess.Popen(command) for _ in os.sched_getaffinity(0)]
        self.stop()

    def start(self) -> None:
        """Compute."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Pause."""
        self._signal(signal.SIGSTOP)

    def end(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()
            process.wait()

    def seconds(self) -> float:
        """Sum their processor time."""
        return sum(processor_seconds(process.pid) for process in self._processes)

    def _signal(self, number: int) -> None:
        for process in self._processes:
            process.send_signal(number)


@dataclass(frozen=True)
class Build:
    """A checkout and how it is started.

    Args:
        name: `old`, `new` or `one`.
        folder: Working files.
        variables: Its environment.
    """

    name: str
    folder: Path
    variables: dict[str, str]


def prepare(name: str, checkout: Path, folder: Path, threads: int | None = None) -> Build:
    own = folder / name
    (own / "work").mkdir(parents=True)
    variables = environment(checkout.resolve(), own)
    for variable in LIBRARY_VARIABLES:
        variables.pop(variable, None)
    if threads is not None:
        variables["OMP_NUM_THREADS"] = str(threads)
    return Build(name, own, variables)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine_seconds() -> float:
    fields = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:]
    user, nice, system, _, _, irq, softirq = map(int, fields[:7])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def count_steps(metrics: Path) -> int:
    if not metrics.exists():
        return 0
    return max(0, metrics.read_bytes().count(b"\n") - 1)


def measure(
    build: Build, workload: str, rooms: Path, spinners: Spinners, seconds: float
) -> dict[str, Any]:
    """Start a process on a quiet machine and one on a busy one, and measure both."""
    found: dict[str, Any] = {"load": os.getloadavg()}
    with training(build, workload, rooms) as (pid, metrics):
        found["quiet"] = asdict(observe(pid, metrics, spinners, seconds))
    spinners.start()
    with training(build, workload, rooms) as (pid, metrics):
        time.sleep(SETTLE_S)
        found["busy"] = asdict(observe(pid, metrics, spinners, seconds))
    spinners.stop()
    return found


@contextmanager
def training(build: Build, workload: str, rooms: Path) -> Iterator[tuple[int, Path]]:
    """Run a process; yield its number and its metrics after the first steps."""
    run = Path(tempfile.mkdtemp(dir=build.folder)) / "run"
    arguments = [*COMMANDS[workload], "--run", str(run)]
    prefix = "" if workload == "fit" else "trainer."
    arguments.append(f"{prefix}steps={ENDLESS}")
    arguments += [f"data.root={rooms.resolve()}"] if workload == "gaussiancross" else []
    metrics = run / "metrics.csv"
    with running(build, arguments) as process:
        wait_for_step(metrics, WARM, process)
        yield process.pid, metrics


@contextmanager
def running(build: Build, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    log = build.folder / "log.txt"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gaussrep", *arguments],
            cwd=build.folder / "work", env=build.variables, stdout=file, stderr=file,
        )  # fmt: skip
        try:
            yield process
        except RuntimeError as error:
            sys.exit(f"error: {error}\n{log.read_text(encoding='utf-8')[-2000:]}")
        finally:
            process.kill()
            process.wait()


def wait_for_step(metrics: Path, step: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while count_steps(metrics) < step:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{metrics.parent} did not come to step {step}")
        time.sleep(POLL_S)


def observe(pid: int, metrics: Path, spinners: Spinners, seconds: float) -> Window:
    """Count from the end of one step to the end of another one, at least the seconds later."""
    first = next_step(metrics, count_steps(metrics))
    begun, own, spun, all_of_it = clocks(pid, spinners)
    time.sleep(seconds)
    last = next_step(metrics, count_steps(metrics))
    ended, own_after, spun_after, all_after = clocks(pid, spinners)
    wall, mine, theirs = ended - begun, own_after - own, spun_after - spun
    others = max(0.0, all_after - all_of_it - mine - theirs)
    numbers = (last - first) / wall, mine / wall, others / wall
    return Window(*(round(number, 3) for number in numbers))


def next_step(metrics: Path, step: int) -> int:
    while (now := count_steps(metrics)) == step:
        time.sleep(POLL_S / 4)
    return now


def clocks(pid: int, spinners: Spinners) -> tuple[float, float, float, float]:
    return time.monotonic(), processor_seconds(pid), spinners.seconds(), machine_seconds()


def summarize(turns: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the turns, and medians of the ratios within each."""
    found: dict[str, Any] = {}
    for state in CONDITIONS:
        speeds = {
            name: [turn[name][state]["steps_per_second"] for turn in turns] for name in turns[0]
        }
        ratios = {
            f"new/{other}": [a / b for a, b in zip(speeds["new"], speeds[other], strict=True)]
            for other in ("old", "one")
        }
        medians = {**speeds, **ratios}
        found[state] = {name: round(statistics.median(m), 3) for name, m in medians.items()}
    return found


def run(given: argparse.Namespace) -> None:
    group, results = Path("/proc/self/autogroup"), {}
    content = describe_origin(sys.argv) | {
        "definitions": DEFINITIONS,
        "before": commit(given.before),
        "commands": COMMANDS,
        "spinning": len(os.sched_getaffinity(0)),
        "nice": os.nice(0),
        "autogroup": group.read_text(encoding="utf-8").split()[-1] if group.exists() else None,
        "seconds": given.seconds,
        "results": results,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        builds = [
            prepare("old", given.before, folder),
            prepare("new", AFTER, folder),
            prepare("one", AFTER, folder, threads=1),
        ]
        spinners = Spinners()
        try:
            for turn in range(given.turns):
                order = builds[turn % 3 :] + builds[: turn % 3]
                for workload in given.workload or COMMANDS:
                    turns = results.setdefault(workload, {"turns": []})["turns"]
                    turns.append(
                        {
                            build.name: measure(
                                build, workload, given.rooms, spinners, given.seconds
                            )
                            for build in order
                        }
                    )
                    results[workload]["medians"] = summarize(turns)
                    print(workload, turn + 1, results[workload]["medians"], flush=True)
                    write_json(content, given.out)
        finally:
            spinners.end()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time two checkouts on a busy machine.")
    parser.add_argument("before", type=Path, help="folder of the older checkout")
    parser.add_argument("--rooms", type=Path, required=True, help="folder of make-rooms")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--workload", action="append", choices=list(COMMANDS))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends the processes
    run(parser.parse_args())
