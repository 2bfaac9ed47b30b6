"""Threads that help with a stage, and then wait for the next one."""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from gaussrep.kernels.tasks import Tasks

Outcomes = SimpleQueue[Exception | None]


class Workers:
    """Threads that are kept; as many as were ever asked for at once.

    A stage of a small picture takes a tenth of a millisecond, and each call has several: what it
    costs to hand one over counts, and futures cost more than these queues.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin again without threads; a forked child has none."""
        self._jobs: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self._count = 0
        self._counting = Lock()

    def start(
        self, kernel: Callable[..., Any], each: Sequence[Tasks], arguments: tuple[Any, ...]
    ) -> Callable[[], None]:
        """Run a kernel once per worker.

        Args:
            kernel: Takes `Tasks` and the arguments.
            each: What each worker is to do.
            arguments: Passed on.

        Returns:
            A function that waits until they are done, and raises what one of them raised.
        """
        with self._counting:
            while self._count < len(each):
                Thread(target=self._serve, name="gaussrep-cpu", daemon=True).start()
                self._count += 1
        outcomes: Outcomes = SimpleQueue()
        for tasks in each:
            self._jobs.put((kernel, tasks, arguments, outcomes))
        return lambda: _wait(outcomes, len(each))

    def _serve(self) -> None:
        jobs = self._jobs
        while True:
            _run(*jobs.get())


def _run(
    kernel: Callable[..., Any], tasks: Tasks, arguments: tuple[Any, ...], outcomes: Outcomes
) -> None:
    """Do one job; a function of its own, so that a worker that waits keeps no pictures alive."""
    try:
        kernel(tasks, *arguments)
    except Exception as error:  # raised again by the thread that waits
        outcomes.put(error)
    else:
        outcomes.put(None)


def _wait(outcomes: Outcomes, count: int) -> None:
    for error in [outcomes.get() for _ in range(count)]:
        if error is not None:
            raise error
