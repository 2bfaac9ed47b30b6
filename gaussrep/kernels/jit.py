"""The one door to Numba: how kernels are compiled, and where compiled ones are kept."""

import hashlib
import inspect
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba  # noqa: TID253
from numba.core import config as numba_config  # noqa: TID253

PART: dict[str, Any] = {
    "error_model": "numpy",
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}

config: Any = numba_config
njit: Any = numba.njit
logger = logging.getLogger("gaussrep")


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on its first call; without the GIL, and kept for the next process.

    No fast-math flag is set: multiply-adds are written out, so that the forward and the backward
    pass, compiled apart, round alike and skip the same pixels. Checks of types at run time, which
    tests wrap round every function, are taken off first.
    """
    compiled = njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)(
        inspect.unwrap(function)
    )
    if FOLDER is not None:
        given, config.CACHE_DIR = config.CACHE_DIR, str(FOLDER)
        try:
            compiled.enable_caching()
        finally:
            config.CACHE_DIR = given
    return compiled


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that kernels call: compiled into each of them, and never on its own.

    It makes no arrays and keeps none, so that no time goes into counting references. Numba compiles
    it anew for every combination of argument types, and a constant is a type of its own: callers
    pass integers of one width, and flags that it can look up are not passed.
    """
    return njit(_nrt=False, **PART)(inspect.unwrap(function))


def making_part(function: Callable[..., Any]) -> Callable[..., Any]:
    """A `part` that makes arrays."""
    return njit(**PART)(inspect.unwrap(function))


def announce_compilation() -> None:
    """Say in one line why the first picture takes seconds, where it will."""
    if FOLDER is None:
        logger.info(
            "the cpu renderer compiles its kernels, which takes seconds in every process: no "
            "folder to keep them is writable; set NUMBA_CACHE_DIR to one."
        )
    elif next(FOLDER.rglob("*.nbc"), None) is None:
        logger.info("the cpu renderer compiles its kernels, once, which takes seconds (%s)", FOLDER)


def _folders() -> Iterator[Path]:
    """Where compiled kernels may be kept, best first."""
    if config.CACHE_DIR:
        yield Path(config.CACHE_DIR)
    yield Path(__file__).parent / "__pycache__"
    if os.environ.get("XDG_CACHE_HOME"):
        yield Path(os.environ["XDG_CACHE_HOME"]) / "gaussrep"
    yield Path("~/.cache/gaussrep").expanduser()
    yield Path(tempfile.gettempdir()) / f"gaussrep-{getattr(os, 'getuid', int)()}"


def _digest() -> str:
    """Numba looks at a kernel's own file only; its callees live in the others."""
    content = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        content.update(source.read_bytes())
    return content.hexdigest()[:16]


def _is_ours(folder: Path) -> bool:
    """Whether a folder exists or can be made, is writable, and nobody else can put files there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
    except OSError:
        return False


def _find_folder() -> Path | None:
    name = f"kernels-{_digest()}"
    return next((folder / name for folder in _folders() if _is_ours(folder / name)), None)


FOLDER = _find_folder()
"""Where compiled kernels are kept; None where no folder is writable."""
