"""Number of threads, and how they wait for each other."""

from dataclasses import dataclass
from typing import Literal

import torch

from gaussrep.errors import ConfigError
from gaussrep.runtime.cores import usable_cores
from gaussrep.runtime.openmp import Wait, set_wait


@dataclass(frozen=True)
class ThreadSettings:
    """Settings that are in force; as a context manager, until its block ends.

    Args:
        threads_before: Number of threads before.
        wait_before: How threads waited before.
    """

    threads_before: int
    wait_before: Wait | None

    def __enter__(self) -> "ThreadSettings":
        return self

    def __exit__(self, *exception: object) -> None:
        torch.set_num_threads(self.threads_before)
        if self.wait_before is not None:
            set_wait(self.wait_before)


def threads(n: int | Literal["auto"] | None = None, *, wait: Wait | None = None) -> ThreadSettings:
    """Set the number of threads of torch and of gaussrep's kernels, and how they wait.

    The settings apply from the call on; in a `with` statement, until its block ends. Results of
    gaussrep's kernels do not depend on them; the last bits of torch's may depend on the number.

    Threads of torch that wait for each other spin by default, which makes a program several times
    slower if other processes compute on the same cores. The command `gaussrep` therefore waits
    adaptively; in Python, ask for it.

    Args:
        n: Number of threads, >= 1; `"auto"` takes the cores that this process may use, by its
            affinity and its cgroup's quota; None leaves it as it is.
        wait: `"adaptive"` spins while the cores are free and blocks while other processes compete
            for them; `"passive"` always blocks, which other processes notice least; `"active"`
            spins as long as the OpenMP library does by default. None leaves it as it is. If
            `OMP_WAIT_POLICY` or `GOMP_SPINCOUNT` was set when torch was imported, threads never
            spin longer than that.

    Returns:
        A context manager that restores both.

    Raises:
        ConfigError: The number or `wait` is out of range.

    Examples:
        >>> import torch
        >>> import gaussrep as gr
        >>> before = torch.get_num_threads()
        >>> with gr.threads(1, wait="passive"):
        ...     torch.get_num_threads()
        1
        >>> torch.get_num_threads() == before
        True
    """
    if n is not None and n != "auto" and n < 1:
        raise ConfigError(f"n is {n}, expected 1 or more threads, or 'auto'.")
    settings = ThreadSettings(torch.get_num_threads(), None if wait is None else set_wait(wait))
    if n is not None:
        torch.set_num_threads(usable_cores() if n == "auto" else n)
    return settings
