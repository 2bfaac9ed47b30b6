"""Finding the layer of a package of USD, `.usdz`: a zip file that compresses nothing."""

import struct
import zipfile
from typing import BinaryIO

from gaussrep.errors import FormatError
from gaussrep.formats.usd_crate_tables import Window

ZIP = b"PK\x03\x04"
"""First bytes of packages."""
HEADER = struct.Struct("<4s22xHH")
"""Ahead of a file: identifier, and the lengths of its name and of a field that follow."""
ENCRYPTED = 1
"""Flag of a file."""


def first_layer(file: BinaryIO) -> Window:
    """Find the first layer of a package, which stands for all.

    Args:
        file: The package.

    Returns:
        Its part of the file.

    Raises:
        FormatError: If the package is damaged, empty or compressed.
    """
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
    start, name, field = HEADER.unpack(whole.read(first.header_offset, HEADER.size))
    place = first.header_offset + HEADER.size + name + field
    if start != ZIP:
        raise FormatError("this is not a package of USD, or it is damaged.")
    whole.check(place, first.file_size)
    return Window(file, place, first.file_size)
