"""Number of threads of kernels, and of torch beside them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local

_before = local()


def kernel_threads() -> int:
    """Count the threads of a launch: torch's, or those before `keep_torch_on_one_thread`."""
    import torch  # not above: processes that only compile do without

    return max(torch.get_num_threads(), getattr(_before, "threads", 1))


def keep_torch_on_one_thread(keep: bool) -> None:
    """Keep the operations of torch on the calling thread, or give them their threads again.

    Threads of torch wait for each other after each operation, which costs more than it saves if
    tensors are small, and most if other processes compute on the same cores. Kernels go on using
    all threads: theirs share tasks dynamically, and wait for none that has not begun.

    Args:
        keep: Whether to keep them on one.
    """
    import torch  # not above, as in `kernel_threads`

    before = getattr(_before, "threads", None)
    if keep and before is None:
        _before.threads = torch.get_num_threads()
        torch.set_num_threads(1)
    elif not keep and before is not None:
        torch.set_num_threads(before)
        del _before.threads


@contextmanager
def torch_on_one_thread() -> Iterator[None]:
    """Keep the operations of torch in the body on the calling thread; see above."""
    with _torch_kept(True):
        yield


@contextmanager
def torch_on_all_threads() -> Iterator[None]:
    """Give the operations of torch in the body the threads they had before they were kept."""
    with _torch_kept(False):
        yield


@contextmanager
def _torch_kept(keep: bool) -> Iterator[None]:
    kept = hasattr(_before, "threads")
    keep_torch_on_one_thread(keep)
    try:
        yield
    finally:
        keep_torch_on_one_thread(kept)


def _forget() -> None:
    """Let a forked child, such as a worker of a data loader, choose its own number."""
    _before.__dict__.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
