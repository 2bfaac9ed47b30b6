"""First bytes of files: whether a file is of its format, and what else it is (torch-free)."""

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


START = 64
"""Bytes of a file by which its content is known."""
CONTENTS: tuple[tuple[bytes, tuple[str, ...], str], ...] = (
    (b"version https://git-lfs", (), "It is a pointer of Git LFS: get the file by `git lfs pull`."),
    (b"<!doctype html", (), "Its content is a web page: download the file again."),
    (b"<html", (), "Its content is a web page: download the file again."),
    (b"\x1f\x8b", (".spz",), "Its content is gzip: unpack it, or name it .spz if it is SPZ."),
    (
        b"PK\x03\x04",
        (".sog", ".usdz", ".usd"),
        "Its content is a zip file: unpack it, or name it .sog or .usdz if it is one.",
    ),
    (b"ply", (".ply",), "Its content is PLY: name it .ply."),
    (b"glTF", (".glb", ".gltf"), "Its content is binary glTF: name it .glb."),
    (b"NGSP", (".spz",), "Its content is SPZ: name it .spz."),
    (b"#usda", (".usda", ".usd"), "Its content is text of USD: name it .usda."),
    (b"PXR-USDC", (".usdc", ".usd"), "Its content is binary USD: name it .usdc."),
)
"""First bytes, those of HTML in lower case; the suffixes that promise them; and the cure."""


def name_content(path: Path) -> str:
    """Name the content of a file that does not match its suffix, and what to do.

    Args:
        path: The file.

    Returns:
        A sentence after a space; empty if the content is unknown or as promised.
    """
    try:
        with path.open("rb") as file:
            start = file.read(START).lstrip()
    except OSError:
        return ""
    for first, suffixes, cure in CONTENTS:
        found = start.lower() if first.startswith(b"<") else start
        if found.startswith(first) and path.suffix.lower() not in suffixes:
            return f" {cure}"
    return ""
