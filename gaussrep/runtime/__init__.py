"""The process and its machine: cores, threads, worker processes, CUDA, files and the console.

Names are imported on first use; none of them imports torch.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.runtime.atomic_files import atomic_write, remove_leftovers, write_json
    from gaussrep.runtime.console import Progress
    from gaussrep.runtime.cores import usable_cores
    from gaussrep.runtime.plain_files import read_json
    from gaussrep.runtime.work_shares import WorkShare
    from gaussrep.runtime.worker_processes import worker_pool

__all__ = [
    "Progress",
    "WorkShare",
    "atomic_write",
    "read_json",
    "remove_leftovers",
    "usable_cores",
    "worker_pool",
    "write_json",
]

_HOMES = {
    "Progress": "gaussrep.runtime.console",
    "WorkShare": "gaussrep.runtime.work_shares",
    "atomic_write": "gaussrep.runtime.atomic_files",
    "read_json": "gaussrep.runtime.plain_files",
    "remove_leftovers": "gaussrep.runtime.atomic_files",
    "usable_cores": "gaussrep.runtime.cores",
    "worker_pool": "gaussrep.runtime.worker_processes",
    "write_json": "gaussrep.runtime.atomic_files",
}

__getattr__ = lazy_names(__name__, _HOMES)
