"""Chunked conversion of files, so that scenes need not fit into memory if the formats allow it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaussrep.building import build
from gaussrep.formats.format import Format, Rows
from gaussrep.formats.suffixes import format_of
from gaussrep.gaussians import Gaussians
from gaussrep.kernels.thread_count import torch_on_one_thread


def _unchanged(part: Gaussians) -> Gaussians:
    return part


def _nothing() -> None:
    pass


def _silent(done: int, count: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Editing:
    """Edits and callbacks applied to the chunks of a scene during conversion.

    Args:
        edit: Changes a chunk; it treats each Gaussian on its own.
        check: Called after the last part, before the target is replaced.
        report: Called with the number of Gaussians that were read, and that of all.
    """

    edit: Callable[[Gaussians], Gaussians] = _unchanged
    check: Callable[[], None] = _nothing
    report: Callable[[int, int], None] = _silent


@torch_on_one_thread()
def convert_file(
    source: Path,
    target: Path,
    reading: Mapping[str, Any],
    writing: Mapping[str, Any],
    editing: Editing | None = None,
) -> int:
    """Convert a file to the format of another suffix.

    Formats that override `open_rows` are read in parts, and those that override `write_rows`
    written so. The result is the same as by `load` and `save`.

    Args:
        source: The file to read.
        target: The file to write, which may be the same.
        reading: Settings of the format of `source`.
        writing: Settings of the format of `target`.
        editing: Edits and callbacks applied to the chunks; nothing by default.

    Returns:
        Number of Gaussians that were written.

    Raises:
        ConfigError: If a format has no such setting.
        FormatError: If a file cannot be read or written.
    """
    reader = _build(source, reading, is_read=True)
    writer = _build(target, writing, is_read=False)

    editing = editing or Editing()

    @contextmanager
    def edited() -> Iterator[Rows]:
        with reader.open_rows(source) as rows:
            yield Rows(rows.count, editing.edit(rows.like), _edited(rows, editing))

    return writer.write_rows(edited, target)


def _build(path: Path, settings: Mapping[str, Any], *, is_read: bool) -> Format:
    return build("formats", {**settings, "type": format_of(path, reading=is_read)})


def _edited(rows: Rows, editing: Editing) -> Iterator[Gaussians]:
    done = 0
    for chunk in rows.chunks:
        done += chunk.count
        yield editing.edit(chunk)
        editing.report(done, rows.count)
    editing.check()
