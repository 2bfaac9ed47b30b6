"""The cache of compiled kernels on disk, and the key of each kernel in it.

Numba's own key covers the kernel's source file only, but functions and constants of other modules
are compiled into it as well. Here the key covers every function, class and constant that a kernel
reaches, so that an edit or an upgrade anywhere makes a new key. It is computed when the kernel is
first called, because only then is everything defined that the kernel uses.
"""

import hashlib
import inspect
import logging
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from llvmlite import binding
from numba.core import config as numba_config  # noqa: TID253
from numba.core.caching import FunctionCache, NullCache  # noqa: TID253
from numba.core.sigutils import normalize_signature  # noqa: TID253
from numba.core.types import BaseNamedTuple, EnumMember, Type  # noqa: TID253

import gaussrep
from gaussrep.kernels.processor import describe_processor, vector_width

UNUSED_DAYS = 30
"""Days without use after which a kernel is removed from the cache."""

COMPILERS = ("numba", "llvmlite", "numpy")
"""Distributions whose versions are part of every key, and whose sources are not read."""

config: Any = numba_config
version = cache(metadata.version)
logger = logging.getLogger("gaussrep")


class KernelCache:
    """Numba's cache of one kernel, with a folder for each key.

    Args:
        dispatcher: The kernel as Numba's `njit` returns it.
        wait: Takes the kernel and types of arguments, and waits for who compiles it for them.
    """

    def __init__(self, dispatcher: Any, wait: Callable[[Any, Any], None]) -> None:
        self._dispatcher, self._wait = dispatcher, wait
        self._opened: dict[Any, Any] = {}

    @property
    def cache_path(self) -> str | None:
        """Folder of all kernels."""
        root = cache_folder()
        return None if root is None else str(root)

    def holds(self, sig: Any, target_context: Any) -> bool:
        """Whether the folder holds the kernel for the types of some arguments."""
        opened = self._open(sig)
        if isinstance(opened, NullCache):
            return False
        try:
            return opened._index_key(sig, target_context.codegen()) in _index_of(opened)
        except Exception:  # a damaged file; `load_overload` makes it again
            return False

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load the kernel for the types of some arguments; None if it must be compiled."""
        self._wait(self._dispatcher, sig)
        try:
            loaded = _load(self._open(sig), sig, target_context)
        except Exception as error:  # a damaged file makes pickle and LLVM raise almost anything
            self._discard(sig, error)
            loaded = None
        if loaded is None:
            _announce_compilation()
        return loaded

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save a kernel that was compiled, and remove kernels that nobody has used for long."""
        try:
            self._save(sig, data)
        except OSError as error:
            logger.warning("a compiled kernel cannot be kept: %s", error)
        _remove_unused()

    def _save(self, sig: Any, data: Any) -> None:
        try:
            self._open(sig).save_overload(sig, data)
        except OSError:
            raise
        except Exception as error:  # its index is read first, and may be damaged
            self._discard(sig, error)
            self._open(sig).save_overload(sig, data)

    def flush(self) -> None:
        """Forget the kernel."""
        for opened in self._opened.values():
            opened.flush()

    def _discard(self, sig: Any, error: Exception) -> None:
        """Remove a kernel's files, as after a full disk or a power cut, to recompile it."""
        folder = self._opened.pop(sig).cache_path
        logger.warning(
            "the compiled kernel in %s is damaged (%s) and is made again",
            folder,
            f"{type(error).__name__}: {error}"[:200],
        )
        shutil.rmtree(folder, ignore_errors=True)

    def _open(self, sig: Any) -> Any:
        if sig not in self._opened:
            self._opened[sig] = _open_folder(self._dispatcher, normalize_signature(sig)[0])
        return self._opened[sig]


def _load(opened: Any, sig: Any, target_context: Any) -> Any:
    """Load a kernel without what Numba's `load_overload` imports and compiles for compiling."""
    if isinstance(opened, NullCache):
        return None
    _add_symbols()
    with opened._guard_against_spurious_io_errors():
        return opened._load_overload(sig, target_context)


@cache
def _add_symbols() -> None:
    """Let LLVM find Numba's functions for memory, which kernels call."""
    functions = import_module("numba.core.runtime._nrt_python").c_helpers
    for name, address in functions.items():
        binding.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


def _index_of(opened: Any) -> Any:
    return opened._cache_file._load_index()


def _open_folder(dispatcher: Any, types: Sequence[Any]) -> Any:
    root = cache_folder()
    if root is None:
        return NullCache()
    folder = root / f"{dispatcher.__name__}-{compute_key(dispatcher, types)}"
    with suppress(OSError):
        os.utime(folder)
    previous, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        return FunctionCache(dispatcher.py_func)
    except RuntimeError:  # the kernel has no source file
        return NullCache()
    finally:
        config.CACHE_DIR = previous


@cache
def cache_folder() -> Path | None:
    """Find the folder of compiled kernels.

    Returns:
        The first of `NUMBA_CACHE_DIR`, the package's `__pycache__` and the user's cache folders
        that this user alone can write, links followed; None if there is none. Numba's files are
        unpickled.
    """
    candidates = ((folder / "gaussrep-kernels").resolve() for folder in _candidate_folders())
    return next((folder for folder in candidates if _is_private(folder)), None)


def _candidate_folders() -> Iterator[Path]:
    """Folders that may hold the cache, best first."""
    if config.CACHE_DIR:
        yield Path(config.CACHE_DIR)
    yield Path(__file__).parent / "__pycache__"
    if os.environ.get("XDG_CACHE_HOME"):
        yield Path(os.environ["XDG_CACHE_HOME"]) / "gaussrep"
    yield Path("~/.cache/gaussrep").expanduser()
    yield Path(tempfile.gettempdir()) / f"gaussrep-{getattr(os, 'getuid', int)()}"


def _is_private(folder: Path) -> bool:
    """Whether a folder exists or can be created, and nobody else can write to it or replace it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        if not hasattr(os, "getuid"):
            return True
        return folder.stat().st_uid == os.getuid() and not any(
            _is_writable_by_others(part) for part in (folder, *folder.parents)
        )
    except OSError:
        return False


def _is_writable_by_others(folder: Path) -> bool:
    """Whether others than this user and root can put entries into a folder and replace its own."""
    status = folder.stat()
    if status.st_uid not in (0, os.getuid()):
        return True
    if status.st_mode & stat.S_ISVTX:  # as in /tmp, where each user's entries are safe
        return False
    if status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid):
        return True
    return bool(status.st_mode & stat.S_IWOTH)


def _is_own_group(group: int) -> bool:
    """Whether a group has no members but root or this user; many systems create one per user."""
    import grp
    import pwd

    if group == 0:
        return True
    try:
        found = grp.getgrgid(group)
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return False
    return found.gr_name == user and set(found.gr_mem) <= {user}


@cache
def _announce_compilation() -> None:
    """Log why the first call takes seconds."""
    folder = cache_folder()
    if folder is None:
        logger.info(
            "compiling CPU kernels, which takes seconds in every process: there is no cache folder "
            "that you alone can write; set NUMBA_CACHE_DIR to one."
        )
    else:
        logger.info("compiling CPU kernels, which takes seconds; they are kept in %s", folder)


@cache
def _remove_unused() -> None:
    """Remove kernels that no process has used for `UNUSED_DAYS`; once per process."""
    oldest = time.time() - UNUSED_DAYS * 24 * 3600
    root = cache_folder()
    for folder in [] if root is None else root.iterdir():
        with suppress(OSError):
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def compute_key(dispatcher: Any, types: Sequence[Any] = ()) -> str:
    """Compute the key of a kernel from everything that is compiled into it.

    Args:
        dispatcher: The kernel as Numba's `njit` returns it.
        types: Numba types of its arguments.

    Returns:
        Hexadecimal digest over the bytecode and compiler options of the kernel and of all functions
        that it reaches, the constants they use, the fields of named tuples and members of enums,
        the source files, the versions of the compilers, Python and gaussrep, the processor, and the
        width of its vectors.
    """
    compilers = [version(name) for name in COMPILERS]
    compilers += [_hash_source(f"gaussrep.kernels.{name}") for name in ("compiler", "jit")]
    target = (*describe_processor(), vector_width(), sys.version, gaussrep.__version__)
    key = hashlib.sha256(repr((compilers, target)).encode())
    pending, seen = [*_classes(types), dispatcher], set[int]()
    while pending:
        item = pending.pop()
        if id(item) not in seen:
            seen.add(id(item))
            reached: list[Any] = []
            for text in _describe(item, reached):
                key.update(f"{text}\n".encode())
            pending += reached
    return key.hexdigest()[:16]


def _classes(types: Sequence[Any]) -> Iterator[Any]:
    """Classes of named tuples and enums, of which Numba compares no more than the names."""
    for entry in types:
        if isinstance(entry, BaseNamedTuple | EnumMember):
            yield getattr(entry, "instance_class")  # noqa: B009 (Numba does not declare it)
        yield from _classes(tuple(getattr(entry, "types", ())))


def _describe(item: Any, reached: list[Any]) -> Iterator[str]:
    """Describe a function or class; what it uses in turn is added to `reached`."""
    yield f"{item.__module__}.{item.__qualname__}"
    if _is_foreign(item.__module__):
        return
    yield _hash_source(item.__module__)
    yield repr(sorted(getattr(item, "targetoptions", {}).items()))
    if isinstance(item, type):
        if issubclass(item, Enum):
            yield repr(dict(item.__members__))
        yield repr(getattr(item, "_fields", ()))
        for member in vars(item).values():
            if isinstance(member, FunctionType):
                reached.append(member)
        return
    function: Any = inspect.unwrap(item)
    names = list[str]()
    for code in _nested(function.__code__):
        constants = [c for c in code.co_consts if not isinstance(c, CodeType)]
        yield f"{code.co_code.hex()} {_describe_value(tuple(constants), reached)}"
        names += code.co_names
    yield _describe_value((function.__defaults__, function.__kwdefaults__), reached)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield f"{name} = {_describe_value(cell.cell_contents, reached)}"
    for name, value in _look_up(function.__globals__, dict.fromkeys(names), set()):
        yield f"{name} = {_describe_value(value, reached)}"


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _look_up(
    namespace: Mapping[str, Any], names: Mapping[str, Any], seen: set[str]
) -> Iterator[tuple[str, Any]]:
    """Values of names in a module, and in the modules that these names lead to."""
    for name in names:
        value = namespace.get(name)
        if isinstance(value, ModuleType):
            if value.__name__ not in seen and not _is_foreign(value.__name__):
                seen.add(value.__name__)
                yield from _look_up(vars(value), names, seen)
        elif name in namespace:
            yield name, value


def _describe_value(value: Any, reached: list[Any]) -> str:
    """Describe a constant; functions and classes, and the class of an object, are `reached`."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, tuple | list):
        return f"({', '.join(_describe_value(entry, reached) for entry in value)})"
    if isinstance(value, dict):
        return _describe_value([entry for pair in value.items() for entry in pair], reached)
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(repr, value)))}}}"
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic):
        return f"{type(value).__qualname__} {value!r}"  # NumPy 1.26 writes a float32 as a float
    if isinstance(value, Enum | np.dtype):
        return repr(value)
    if isinstance(value, type) or isinstance(inspect.unwrap(value), FunctionType):
        reached.append(value)
        return value.__qualname__
    reached.append(type(value))
    name = getattr(value, "__qualname__", getattr(value, "__name__", ""))
    return str(value) if isinstance(value, Type) else f"{type(value).__qualname__} {name}"


def _is_foreign(module: str) -> bool:
    """Whether a module belongs to Python or to a compiler, of which the version is enough."""
    package = module.partition(".")[0]
    return package in COMPILERS or package in sys.stdlib_module_names


@cache
def _hash_source(module: str) -> str:
    file = getattr(sys.modules.get(module), "__file__", None)
    try:
        return hashlib.sha256(Path(file or "").read_bytes()).hexdigest()
    except OSError:
        return ""
