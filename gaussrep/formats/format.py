"""The interface that every file format implements."""

from abc import ABC, abstractmethod
from pathlib import Path

from gaussrep.gaussians import Gaussians


class Format(ABC):
    """Reads and writes one kind of file; its suffixes stand in the plugin's `FormatRecord`."""

    @abstractmethod
    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene on the CPU, without batch axes.

        Raises:
            FormatError: If the file cannot be read or is not what its suffix says; the message
                begins with the path.
        """

    @abstractmethod
    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene, whole or not at all.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists.

        Raises:
            FormatError: If the format cannot hold these Gaussians or the file cannot be written.
        """
