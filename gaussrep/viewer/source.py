"""Source: where a scene comes from, and when there is a newer one."""

from abc import ABC, abstractmethod
from pathlib import Path

from gaussrep.viewer.scene import Scene

Stamp = tuple[int, int, int]


class Source(ABC):
    """A file that is replaced while it is looked at, and how a scene is read from it.

    Args:
        name: What the user called it.
        file: What changes when there is something new; it may not exist yet.
        samples: How many scenes there are to choose from.
    """

    def __init__(self, name: str, file: Path, samples: int = 1) -> None:
        self.name, self.file, self.samples = name, file, samples

    @abstractmethod
    def read(self, index: int) -> Scene:
        """Read the newest state of a scene.

        Args:
            index: Which one, below `samples`.

        Raises:
            GaussrepError: It cannot be read.
        """

    def stamp(self) -> Stamp | None:
        """Tell the state of the file from every other one; None where it is not there."""
        try:
            found = self.file.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class Follower:
    """Reads a source whenever there is something new.

    Args:
        source: What to follow.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._seen: tuple[Stamp, int] | None = None

    def newest(self, index: int = 0) -> Scene | None:
        """Read the source if it changed, or another scene of it is wanted.

        A state that cannot be read is told once, and not read again.

        Args:
            index: Which scene.

        Returns:
            The scene; None where it is the one that was returned last, or there is none yet.

        Raises:
            GaussrepError: It cannot be read.
        """
        stamp = self._source.stamp()
        if stamp is None or (stamp, index) == self._seen:
            return None
        self._seen = (stamp, index)
        return self._source.read(index)
