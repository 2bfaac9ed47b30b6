"""The interface that every file format implements."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

from gaussrep.errors import FormatError
from gaussrep.formats.storage import allocate, on_disk, take_rows
from gaussrep.gaussians import Gaussians

PART = 2**16
"""Gaussians of a part, if a scene is converted without being in memory as a whole (design
choice)."""

IN_MEMORY = 2**26
"""Bytes of a scene that is collected in memory, if a format does not write in parts; larger ones
are in temporary files (design choice)."""


def divide_rows(count: int, size: int | None = None) -> list[slice]:
    """Divide Gaussians, or other rows, into parts.

    Args:
        count: Number of rows.
        size: Largest number in a part; `PART` by default.

    Returns:
        Ranges of rows, in order.
    """
    size = size or PART
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


@dataclass(frozen=True, slots=True)
class Rows:
    """A scene in parts.

    Args:
        count: Number of Gaussians that the file declares; impossible ones are not in the parts.
        like: A scene of the same fields and marks without Gaussians.
        chunks: The parts in order, each once.
    """

    count: int
    like: Gaussians
    chunks: Iterator[Gaussians]

    @property
    def nbytes(self) -> int:
        """Memory of the scene."""
        row = sum(prod(tensor.shape[1:]) * tensor.itemsize for _, tensor in self.like.tensors())
        return row * self.count

    def collect(self) -> Gaussians:
        """Join the parts, with no more memory than the scene and one part.

        Returns:
            One scene.
        """
        fields = {
            name: allocate((self.count, *tensor.shape[1:])) for name, tensor in self.like.tensors()
        }
        done = 0
        for chunk in self.chunks:
            stop = done + chunk.count
            for name, tensor in chunk.tensors():
                fields[name][done:stop] = tensor
            done = stop
        return take_rows(self.like.replace(**fields), slice(0, done))


RowSource = Callable[[], AbstractContextManager[Rows]]
"""Opens a scene in parts, and closes it after its last part."""


class Format(ABC):
    """Reader and writer of one file format; its suffixes are in the plugin's `FormatRecord`.

    A format whose files hold one Gaussian after another also overrides `open_rows` and
    `write_rows`, so that scenes larger than the memory can be converted.
    """

    @abstractmethod
    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene on the CPU, without batch axes.

        Raises:
            FormatError: If the file cannot be read or does not match its suffix; the message
                begins with the path.
        """

    @abstractmethod
    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene atomically.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists.

        Raises:
            FormatError: If the format cannot hold these Gaussians or the file cannot be written.
        """

    @contextmanager
    def open_rows(self, path: Path) -> Iterator[Rows]:
        """Open a scene for chunked reading; the default yields one chunk.

        Args:
            path: The file.

        Yields:
            The scene.

        Raises:
            FormatError: As `read` does, also while parts are read.
        """
        scene = self.read(path)
        yield Rows(scene.count, scene[:0], iter([scene]))

    def write_rows(self, source: RowSource, path: Path) -> int:
        """Write one scene from chunks atomically.

        By default the scene is in temporary files beside `path`, mapped into the memory, if it is
        larger than `IN_MEMORY`.

        Args:
            source: Opens the scene, whose file is closed before `path` is replaced.
            path: The file, overwritten if it exists.

        Returns:
            Number of Gaussians that were written.

        Raises:
            FormatError: As `write` does, and as reading of the parts does.
        """
        with ExitStack() as stack:
            with source() as rows:
                if rows.nbytes <= IN_MEMORY:
                    scene = rows.collect()
                else:
                    scene = stack.enter_context(_spooled(rows, path))
            self.write(scene, path)
            return scene.count


@contextmanager
def _spooled(rows: Rows, path: Path) -> Iterator[Gaussians]:
    with ExitStack() as stack:
        try:
            scene = stack.enter_context(on_disk(rows.like, rows.chunks, path.parent))
        except OSError as error:
            raise FormatError(f"{path}: cannot be written: {error.strerror or error}.") from error
        yield scene
