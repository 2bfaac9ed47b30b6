"""Choice of the number of threads of each kernel by what its launches took.

A kernel on a small image takes less time on one thread than a second thread takes to wake up, and
beside other programs a second thread may get a core only after the first has done all the work. So
each kernel now and then tries half or twice as many threads, and goes on with the faster number.
While other processes compete for the cores, kernels that are shorter than the time for which the
system gives one of them a core take one thread. The results of kernels do not depend on it.
"""

from math import inf
from threading import Lock

WAIT = 16
"""Launches between two trials; four times as many after each trial that failed."""
LONGEST_WAIT = 1024
TRIAL = 8
"""Launches of a trial; fewer if they have already taken too long."""
MEMORY = 16
"""Launches over which a duration is averaged."""
OUTLIER = 4
"""Largest multiple of the average that a single launch counts."""
SHORT = 4e-3
"""Seconds of a kernel that takes one thread beside other programs (design choice): Linux gives each
of them a core for about 3 ms."""
GAIN = 0.85
"""Fraction of the duration before below which more threads are taken; fewer are, if they are no
slower. So numbers that are about as fast do not take turns."""


class ThreadChoice:
    """Number of threads for launches that resemble each other.

    Args:
        most: Largest number of threads.
        first: The first choice.
    """

    def __init__(self, most: int, first: int) -> None:
        self._most, self.threads = most, first
        self._changing = Lock()
        self._mean, self._wait = inf, WAIT
        self._launches, self._before = -1, 0
        self._tried, self._spent = 0, 0.0
        self._up = False

    def threads_beside_others(self) -> int:
        """Number of threads while other processes compete for the cores."""
        return 1 if self._mean < SHORT else self.threads

    def note(self, threads: int, seconds: float) -> None:
        """Learn from a launch.

        Args:
            threads: Number of threads that it had.
            seconds: Duration.
        """
        with self._changing:
            if threads != self.threads:
                return  # launched before the number changed, or while others computed
            if self._before:
                self._continue_trial(seconds)
                return
            self._launches += 1
            if self._launches:  # the first one may have compiled
                self._average(seconds)
            if self._launches >= self._wait:
                self._begin_trial()

    def _average(self, seconds: float) -> None:
        if self._mean == inf:
            self._mean = seconds
        self._mean += (min(seconds, OUTLIER * self._mean) - self._mean) / MEMORY

    def _begin_trial(self) -> None:
        """Try half or twice as many threads, in turns if both are possible."""
        self._before, self._tried, self._spent = self.threads, 0, 0.0
        self._up = self.threads < self._most and (self.threads == 1 or not self._up)
        self.threads = min(2 * self.threads, self._most) if self._up else self.threads // 2

    def _continue_trial(self, seconds: float) -> None:
        self._tried += 1
        self._spent += seconds
        limit = (GAIN if self._up else 1) * TRIAL * self._mean
        if self._spent >= limit:
            self.threads = self._before
            self._wait = min(4 * self._wait, LONGEST_WAIT)
        elif self._tried == TRIAL:
            self._mean = self._spent / TRIAL
            self._wait = WAIT
        else:
            return
        self._before = self._launches = 0
