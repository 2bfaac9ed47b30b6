"""How the kernels of sparse convolution are compiled and kept, by the means of the cpu renderer."""

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gaussrep.kernels import jit as core


def _digest() -> str:
    """Numba looks at a kernel's own file only; its callees live in the others."""
    content = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        content.update(source.read_bytes())
    return content.hexdigest()[:16]


FOLDER = core.FOLDER and core.FOLDER / f"sparse-{_digest()}"
"""Where compiled kernels are kept; None where no folder is writable."""

part = core.part


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on its first call; without the GIL, and kept for the next process."""
    compiled = core.njit(nogil=True, error_model="numpy")(inspect.unwrap(function))
    if FOLDER is not None:
        given, core.config.CACHE_DIR = core.config.CACHE_DIR, str(FOLDER)
        try:
            compiled.enable_caching()
        finally:
            core.config.CACHE_DIR = given
    return compiled
