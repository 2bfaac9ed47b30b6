"""Gaussians in OpenUSD's files, `.usda`, `.usdc`, `.usdz` and `.usd`."""

import mmap
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

from gaussrep.errors import FormatError
from gaussrep.formats.axes import RIGHT_DOWN_FORWARD, RIGHT_UP_BACK
from gaussrep.formats.checked_files import open_for_reading, open_for_writing, validate_for_export
from gaussrep.formats.config import UsdConfig
from gaussrep.formats.first_bytes import NOT_USD
from gaussrep.formats.format import Format
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.usd_crate import read_crate
from gaussrep.formats.usd_crate_layout import CRATE
from gaussrep.formats.usd_crate_tables import Window
from gaussrep.formats.usd_crate_writing import write_crate
from gaussrep.formats.usd_layer import UsdLayer
from gaussrep.formats.usd_scene import MAX_DEGREE, read_scene
from gaussrep.formats.usd_text import MAGIC, read_text
from gaussrep.formats.usd_writing import write_text
from gaussrep.gaussians import Gaussians

TEXT = ".usda"
ZIP = b"PK\x03\x04"
"""First bytes of packages, `.usdz`: zip files that compress nothing."""
ZIP_HEADER = struct.Struct("<4s22xHH")
"""Ahead of a file: identifier, and the lengths of its name and of a field that follow."""
ENCRYPTED = 1
"""Flag of a file."""


class Usd(Format):
    """Prims of the type `ParticleField3DGaussianSplat`, as OpenUSD's schema of 26.03 has it.

    Scales are linear and opacities in [0, 1], quaternions wxyz, the coefficients of SH of each
    Gaussian follow one another. Binary files are crates of the versions 0.4 to 0.14, as OpenUSD up
    to 26.11 writes them. `.usd` is written as binary.

    One layer is read, of a package the first: references, payloads, sublayers and variants are not
    followed, and named.
    Prims are placed by the transforms of those above them; of values that change in time, the
    first is read. Attributes in half floats are read if those in float32 are missing.

    Axes of a file are x right, y up, z back, or with `upAxis` Z x right, y forward, z up; they are
    converted, spherical harmonics included. The mark of antialiasing is an entry of `customData`,
    which other programs ignore; that of linear colors is the color space of the coefficients.

    Args:
        config: The settings.
    """

    def __init__(self, config: UsdConfig | None = None) -> None:
        self.config = config or UsdConfig()

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, float32, on the CPU.

        Raises:
            FormatError: If the file is missing or damaged, or holds no Gaussians or impossible
                ones.
        """
        remarks = Remarks(self.config.strict)
        with open_for_reading(path, remarks) as file:
            return read_scene(_read_layer(file), self.config.axes, remarks)

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene atomically.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists; text if it ends in `.usda`.

        Raises:
            FormatError: If there are batch axes, features or no Gaussians, a package would be
                larger than 2 GiB, or the file cannot be written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        scene = validate_for_export(
            gaussians,
            path,
            "a USD file",
            MAX_DEGREE,
            antialiased_mark="private",
            marks_color_space=True,
        )
        if scene.count == 0:
            raise FormatError(f"{path}: a USD file holds at least one Gaussian, got none.")
        signs = RIGHT_DOWN_FORWARD if self.config.axes == "ply" else RIGHT_UP_BACK
        suffix = path.suffix.lower()
        try:
            with open_for_writing(path) as file:
                if suffix == TEXT:
                    write_text(file, scene, signs)
                else:
                    write_crate(file, scene, signs, suffix if suffix == ".usdz" else ".usdc")
        except FormatError as error:
            text = str(error)
            raise FormatError(text if text.startswith(f"{path}:") else f"{path}: {text}") from error


def _read_layer(file: BinaryIO) -> UsdLayer:
    window = Window(file)
    if window.size >= len(ZIP) and window.read(0, len(ZIP)) == ZIP:
        window = _first_layer(file)
    start = window.read(0, min(len(CRATE), window.size))
    if start == CRATE:
        return read_crate(window)
    if not start.startswith(MAGIC):
        raise FormatError(NOT_USD)
    end = window.start + window.size
    with mmap.mmap(file.fileno(), end, access=mmap.ACCESS_READ) as data:
        return read_text(data, window.start)


def _first_layer(file: BinaryIO) -> Window:
    """Find the first layer of a package, which stands for all."""
    whole = Window(file)
    try:
        with zipfile.ZipFile(file) as package:
            first = min(package.infolist(), key=lambda info: info.header_offset, default=None)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FormatError(f"this is not a package of USD, or it is damaged: {error}.") from error
    if first is None:
        raise FormatError("this package of USD is empty.")
    if first.compress_type != zipfile.ZIP_STORED or first.flag_bits & ENCRYPTED:
        raise FormatError("its layer is compressed or encrypted, which no package of USD is.")
    start, name, field = ZIP_HEADER.unpack(whole.read(first.header_offset, ZIP_HEADER.size))
    place = first.header_offset + ZIP_HEADER.size + name + field
    if start != ZIP:
        raise FormatError("this is not a package of USD, or it is damaged.")
    whole.check(place, first.file_size)
    return Window(file, place, first.file_size)
