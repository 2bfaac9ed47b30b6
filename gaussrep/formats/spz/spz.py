"""Gaussians in Niantic's compressed format, `.spz`."""

from pathlib import Path

from gaussrep.errors import FormatError
from gaussrep.formats.access import reading, writing
from gaussrep.formats.format import Format
from gaussrep.formats.half_turn import ABOUT_X, half_turn
from gaussrep.formats.spz import streams
from gaussrep.formats.spz.config import SpzConfig
from gaussrep.formats.spz.container import pack, unpack
from gaussrep.formats.writable import writable
from gaussrep.gaussians import Gaussians


class Spz(Format):
    """Some 20 bytes per Gaussian: fixed-point centers, a byte for everything else, gzip.

    Versions 2 and 3 are read and written; version 4 packs the same numbers with Zstandard, which
    Python's standard library lacks. https://github.com/nianticlabs/spz, revision 21715c3.

    The frame of a file is x right, y up, z back: everything is turned half about x, spherical
    harmonics too. The flag that says a scene was trained with antialiasing is ignored.
    """

    def __init__(self, config: SpzConfig | None = None) -> None:
        self.config = config or SpzConfig()

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, float32, on the CPU.

        Raises:
            FormatError: If the file is missing, truncated, of another version, packed into
                implausibly few bytes, or says that it is in another frame.
        """
        with reading(path) as file:
            header, body = unpack(file.read())
            return half_turn(streams.decode(header, body), ABOUT_X)

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene, whole or not at all.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists.

        Raises:
            FormatError: If there are batch axes, features, SH of degree 4 or no Gaussians, a
                scale or center is too large, or the file cannot be written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        scene = half_turn(writable(gaussians, path, "an SPZ file"), ABOUT_X)
        try:
            content = pack(*streams.encode(scene, self.config.version))
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error
        with writing(path) as file:
            file.write(content)
