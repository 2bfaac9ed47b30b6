"""First bytes of files, by which a file of another format is found before torch is imported."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from gaussrep.errors import FormatError

NOT_PLY = "this is not a PLY file: it does not begin with the line 'ply'."
NOT_SPZ = "this is not an SPZ file: it begins neither with NGSP nor as gzip."
NOT_USD = "this is not a USD file: unknown signature."

FIRST_BYTES: Mapping[str, tuple[tuple[bytes, ...], str]] = MappingProxyType(
    {
        "gaussrep:ply": ((b"ply",), NOT_PLY),
        "gaussrep:spz": ((b"NGSP", b"\x1f\x8b"), NOT_SPZ),
        "gaussrep:usd": ((b"#usda", b"PXR-USDC", b"PK"), NOT_USD),
    }
)
"""Possible starts of a file and the error about others, by the qualified name of the format; the
other formats have no fixed start."""


def require_first_bytes(path: Path, name: str) -> None:
    """Check that a file begins as files of its format do.

    Args:
        path: The file; anything else than a regular file is not read.
        name: Qualified name of the format.

    Raises:
        FormatError: It begins otherwise, or cannot be read.
    """
    if name not in FIRST_BYTES or not path.is_file():
        return
    starts, sentence = FIRST_BYTES[name]
    try:
        with path.open("rb") as file:
            start = file.read(max(map(len, starts)))
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if not start.startswith(starts):
        raise FormatError(f"{path}: {sentence}")
