"""Detection of the content of a file that cannot be read."""

from pathlib import Path

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
