"""A file of Gaussians."""

from pathlib import Path

from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load
from gaussrep.viewer.scene import Scene
from gaussrep.viewer.source import Source


class FileSource(Source):
    """Shows a file, and shows it again when it is written again.

    Args:
        path: The file, in any format that `gaussrep.load` reads.

    Raises:
        FormatError: There is no such file.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise FormatError(f"{path}: there is no such file or folder.")
        super().__init__(str(path), path)

    def read(self, index: int) -> Scene:
        """Read the file."""
        return Scene(self.name, load(self.file))
