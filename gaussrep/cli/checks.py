"""Checks of arguments that need no torch, so that mistakes are reported at once."""

import errno
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from gaussrep import plugins
from gaussrep.errors import ConfigError, DataError, FormatError, PluginError, RunError
from gaussrep.formats.first_bytes import require_first_bytes
from gaussrep.formats.suffixes import format_of, suffixes
from gaussrep.training.run_folder import RunFolder

FILE_SUFFIXES = {".html", ".htm", ".json", ".pdf", ".png", ".ply", ".safetensors"}
"""Suffixes of files that users expect where a folder is written."""


def require_gaussians(path: Path) -> None:
    """Check that a path is a file of Gaussians, by its suffix.

    Args:
        path: The file to read.

    Raises:
        FormatError: It is missing, a folder, of an unknown suffix, or of another format.
    """
    if path.is_dir():
        raise FormatError(f"{path} is {_describe_folder(path)}")
    name = format_of(path, reading=True)
    if not path.exists():
        raise FormatError(f"{path}: cannot be read: {os.strerror(errno.ENOENT)}.")
    require_first_bytes(path, name)


def _describe_folder(path: Path) -> str:
    """Describe a folder and the command that takes it."""
    run = RunFolder(path)
    if run.exists() and (scenes := sorted(path.glob("*.ply"))):
        return f"the folder of a fit; its Gaussians are in {scenes[0]}"
    if run.exists():
        return f"a run folder; show it with: gaussrep inspect {path}, or gaussrep view {path}"
    from gaussrep.fitting.capture_formats import find_capture_format

    known = ", ".join(suffixes(reading=True))
    try:
        name = find_capture_format(str(path))
    except DataError:
        return f"a folder; expected a file of Gaussians ({known})"
    return f"a capture of the format {name}; make its Gaussians with: gaussrep fit {path}"


def require_output(option: str, path: Path) -> None:
    """Check that a file can be written.

    Args:
        option: Name of the option or argument.
        path: The file to write.

    Raises:
        ConfigError: Its folder is missing or cannot be written, or the path is a folder.
    """
    if path.is_dir():
        raise ConfigError(f"{option} is {path}, which is a folder; name a file in it.")
    if not path.parent.is_dir():
        folder = path.parent
        raise ConfigError(f"{option} is {path}, but there is no folder {folder}; create it first.")
    if reason := _why_not_written(path.parent):
        raise ConfigError(
            f"{option} is {path}, but the folder {path.parent} cannot be written: {reason}."
        )


def require_output_folder(option: str, path: Path) -> None:
    """Check that files can be written to a folder, which need not exist.

    Args:
        option: Name of the option or argument.
        path: The folder.

    Raises:
        ConfigError: It cannot be made or written, or has the name of a file.
    """
    if path.is_file() or path.suffix.lower() in FILE_SUFFIXES:
        raise ConfigError(f"{option} is {path}; expected a folder, such as {path.with_suffix('')}.")
    if reason := _why_not_written(path):
        raise ConfigError(f"{option} is {path}, which cannot be written: {reason}.")


def _why_not_written(folder: Path) -> str:
    """Try to write to a folder, or if it is missing to the one that it will be in."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        TemporaryDirectory(dir=existing, prefix=".gaussrep-").cleanup()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def require_renderer(option: str, name: str) -> None:
    """Check that a renderer is there and may run.

    Args:
        option: Name of the option.
        name: Short or qualified name, or `auto`.

    Raises:
        PluginError: There is none of this name, or it cannot run here.
    """
    if name == "auto":
        return
    found = plugins.find("renderers", name)
    if reason := found.unavailable_reason:
        raise PluginError(f"{option} {name}: it {reason}; use {option} auto")


def require_new_run(folder: Path | None, parent: Path, *, overwrite: bool) -> None:
    """Check that a new run can be written.

    Args:
        folder: The run's folder; None for the next free one in `parent`.
        parent: Folder of runs.
        overwrite: Whether an existing run may be replaced.

    Raises:
        RunError: The folder holds a run or checkpoints, or no folder can be made there.
    """
    if folder is not None:
        RunFolder(folder).require_new(overwrite=overwrite)
    if os.environ.get("RANK", "0") != "0":  # one process writes
        return
    if reason := _why_not_written(folder or parent):
        raise RunError(
            f"cannot write the run folder {folder or parent}: {reason}; give another one by "
            "--run FOLDER"
        )
