"""The interface that every file format implements."""

from abc import ABC, abstractmethod
from pathlib import Path

from gaussrep.gaussians import Gaussians


class Format(ABC):
    """Reader and writer of one file format; its suffixes are in the plugin's `FormatRecord`."""

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
        """Write one scene, whole or not at all.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists.

        Raises:
            FormatError: If the format cannot hold these Gaussians or the file cannot be written.
        """
