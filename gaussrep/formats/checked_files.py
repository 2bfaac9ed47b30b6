"""Opening files of Gaussians, and checks of what is read and written."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import sh
from gaussrep.checks import check_finite
from gaussrep.errors import FormatError, ValueRangeError
from gaussrep.formats.first_bytes import name_content
from gaussrep.formats.format import Rows
from gaussrep.formats.remarks import Remarks
from gaussrep.gaussians import Gaussians
from gaussrep.runtime.atomic_files import atomic_write
from gaussrep.runtime.plain_files import require_plain

logger = logging.getLogger("gaussrep")


@contextmanager
def open_for_reading(path: Path, remarks: Remarks) -> Iterator[BinaryIO]:
    """Open a file to read it; errors and remarks of the body get the file's name.

    Args:
        path: The file.
        remarks: What the body finds odd; logged after it.

    Yields:
        The open file.

    Raises:
        FormatError: If the file cannot be read, the body raises a `FormatError`, or impossible
            Gaussians are not left out.
    """
    with _named_errors(path):
        require_plain(path)
        with path.open("rb") as file:
            yield file
        remarks.check_share()
    remarks.log(path)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Put the name of a file before the errors of the body.

    Args:
        path: The file.

    Raises:
        FormatError: If the body raises one.
    """
    try:
        yield
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except FormatError as error:
        raise FormatError(f"{path}: {error}{name_content(path)}") from error


@contextmanager
def open_for_rows(
    path: Path, remarks: Remarks, start: Callable[[BinaryIO], Rows]
) -> Iterator[Rows]:
    """Open a file to read it in parts; errors and remarks get the file's name.

    Errors of the body keep their own, such as those of another file that it writes.

    Args:
        path: The file.
        remarks: What the parts have odd; logged after the last.
        start: Reads what is ahead of the parts, and prepares to read them.

    Yields:
        The scene.

    Raises:
        FormatError: If the file cannot be read, or `start` raises a `FormatError`.
    """
    with _named_errors(path):
        require_plain(path)
        file = path.open("rb")
    with file:
        with _named_errors(path):
            rows = start(file)
        yield replace(rows, chunks=_named_chunks(path, rows.chunks, remarks))


def _named_chunks(path: Path, chunks: Iterator[Gaussians], remarks: Remarks) -> Iterator[Gaussians]:
    while True:
        with _named_errors(path):
            chunk = next(chunks, None)
            if chunk is None:
                remarks.check_share()
        if chunk is None:
            break
        yield chunk
    remarks.log(path)


@contextmanager
def open_for_writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write it atomically.

    Args:
        path: The file, overwritten if it exists.

    Yields:
        A file under a temporary name, renamed after the body.

    Raises:
        FormatError: If the file cannot be written.
    """
    try:
        with atomic_write(path) as temporary, temporary.open("w+b") as file:
            yield file
    except OSError as error:
        raise FormatError(f"{path}: cannot be written: {error.strerror or error}.") from error


def reserve(file: BinaryIO, size: int) -> None:
    """Reserve the blocks of a file that is written, if the system can.

    Writing it then takes less processor time on Linux's ext4.

    Args:
        file: The file, opened for writing.
        size: Bytes that will be written.
    """
    with suppress(OSError, AttributeError):
        os.posix_fallocate(file.fileno(), 0, size)


ALWAYS_ALLOWED = 2**26
"""Bytes to which any file may decompress; a design choice."""
MAX_RATIO = 100
"""Largest ratio of decompressed to compressed size above that; real scenes reach a few times their
size. A design choice."""


def check_decompressed_size(packed: int, unpacked: int) -> None:
    """Reject a decompression bomb: a small file that would fill the memory.

    Args:
        packed: Size of the file in bytes.
        unpacked: Size after decompression in bytes.

    Raises:
        FormatError: If the file would grow to more than 64 MiB and 100 times its size.
    """
    if unpacked > max(ALWAYS_ALLOWED, MAX_RATIO * packed):
        raise FormatError(
            f"the file would grow from {packed} bytes to {unpacked}, more than {MAX_RATIO} times "
            "as many; no real scene does."
        )


SMALLEST = torch.finfo(torch.float32).tiny
"""Value of a scale that is 0 in a file, which `Gaussians` does not allow; a design choice."""


def gaussians_from_arrays(remarks: Remarks, **arrays: np.ndarray) -> Gaussians:
    """Convert the arrays of a file to Gaussians, without the few that are impossible.

    Args:
        remarks: What is odd in the file; impossible Gaussians are added.
        **arrays: The fields of `Gaussians`, of any numeric dtype; scales may be 0.

    Returns:
        One scene, float32, on the CPU, without Gaussians with a value that is not finite in
        float32, a negative scale, a quaternion of length 0 or an opacity outside [0, 1].
    """
    with np.errstate(over="ignore"):
        tensors = {
            name: torch.from_numpy(np.require(array, np.float32, ["C", "W"]))
            for name, array in arrays.items()
        }
    return possible_gaussians(remarks, **tensors)


def possible_gaussians(remarks: Remarks, **tensors: Tensor) -> Gaussians:
    """Build Gaussians of the fields of a file, without the few that are impossible.

    Args:
        remarks: What is odd in the file; impossible Gaussians are added.
        **tensors: The fields of `Gaussians`, float32, overwritten; scales may be 0.

    Returns:
        One scene; scales below the smallest normal float32 are raised to it.
    """
    fields: dict[str, Any] = remarks.possible(tensors)
    fields["scales"].clamp_min_(SMALLEST)
    return Gaussians(**fields)


MAX_DEGREE = 3
"""Highest SH degree of most formats that are written here."""


def validate_for_export(
    gaussians: Gaussians,
    path: Path,
    what: str,
    max_degree: int = MAX_DEGREE,
    *,
    antialiased_mark: Literal["known", "private", "none"] = "none",
    marks_color_space: bool = False,
) -> Gaussians:
    """Check that Gaussians can be saved, and convert them to float32 on the CPU.

    Args:
        gaussians: The Gaussians to save.
        path: The file, for the message.
        what: Name of the file's format for the message, `"a PLY file"`.
        max_degree: Highest SH degree that the format holds.
        antialiased_mark: Mark of antialiased scenes in the format: known to other programs,
            private to gaussrep, or none; what programs will not see is logged.
        marks_color_space: Whether the format marks scenes with linear colors.

    Returns:
        One scene without gradients.

    Raises:
        FormatError: If there are batch axes, features or SH of a higher degree.
        ValueRangeError: If a value is not finite in float32, a scale not positive, or a quaternion
            zero.
    """
    if gaussians.batch_shape:
        raise FormatError(
            f"{path}: {what} holds one scene, got batch axes {list(gaussians.batch_shape)}; "
            "select one with gaussians[i]."
        )
    if gaussians.sh_degree is not None and gaussians.sh_degree > max_degree:
        raise FormatError(
            f"{path}: {what} holds SH of degree 0 to {max_degree}, got degree "
            f"{gaussians.sh_degree}."
        )
    if gaussians.features is not None:
        raise FormatError(
            f"{path}: {what} holds no features; drop them: gaussians.replace(features=None)."
        )
    scene = checked_values(gaussians)
    if scene.antialiased and antialiased_mark != "known":
        who = "programs" if antialiased_mark == "none" else "programs other than gaussrep"
        logger.warning(
            "%s: %s does not mark a scene as antialiased; %s will render it without.",
            path,
            what,
            who,
        )
    if scene.color_space == "linear" and not marks_color_space:
        logger.warning(
            "%s: %s does not mark linear colors; programs will show them too dark.", path, what
        )
    return scene


def checked_values(gaussians: Gaussians) -> Gaussians:
    """Convert Gaussians to float32 on the CPU, and check that files can hold their values.

    Args:
        gaussians: One scene, or a part of one.

    Returns:
        The same without gradients.

    Raises:
        ValueRangeError: If a value is not finite in float32, a scale not positive, or a quaternion
            zero.
    """
    scene = gaussians.detach().to("cpu", torch.float32)
    check_finite(dict(scene.tensors()))
    if not (scene.scales > 0).all():
        count = int((scene.scales <= 0).sum())
        raise ValueRangeError(f"scales hold {count} values that are not positive in float32.")
    if (scene.quats[:, 0] == 0).any() and (scene.quats == 0).all(-1).any():
        raise ValueRangeError("quats hold a quaternion of length 0, which is not a rotation.")
    return scene


def sh_coefficients(gaussians: Gaussians) -> Float[Tensor, "n bases 3"]:
    """Return the SH coefficients of Gaussians; plain colors become those of degree 0.

    Args:
        gaussians: One scene with `sh` or `colors`.

    Returns:
        Coefficients, float32 [N, K, 3].
    """
    if gaussians.sh is not None:
        return gaussians.sh
    assert gaussians.colors is not None
    return sh.from_rgb(gaussians.colors)
