"""Where a glTF file keeps its JSON and its bytes."""

import base64
import binascii
import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from gaussrep.errors import FormatError
from gaussrep.formats.gltf.document import Buffer, Document, parse_document

MAGIC = b"glTF"
GLB = struct.Struct("<4sII")
"""Magic, version and length of a binary file."""
CHUNK = struct.Struct("<I4s")
"""Length and kind of each of its chunks."""
JSON, BIN = b"JSON", b"BIN\0"
LARGEST = 2**32 - 1
"""What the length of a binary file can say."""
DATA_URI = "data:"


@dataclass(frozen=True, slots=True)
class Container:
    """A glTF file.

    Args:
        document: Its JSON.
        buffers: Its bytes, one entry per buffer of the document.
    """

    document: Document
    buffers: tuple[bytes, ...]


def unpack(content: bytes, folder: Path) -> Container:
    """Take a file apart, and read the files that it names.

    Args:
        content: The whole file, binary or JSON.
        folder: Where it lies; files beside it and below are read, no others.

    Returns:
        JSON and bytes.

    Raises:
        FormatError: If it is damaged, or a buffer is missing or too short.
    """
    text, binary = _split(content) if content.startswith(MAGIC) else (content, None)
    document = parse_document(text)
    buffers = tuple(_load(buffer, binary, folder) for buffer in document.buffers)
    return Container(document, buffers)


def pack_glb(text: bytes, binary: bytes) -> bytes:
    """Make a binary file.

    Args:
        text: JSON.
        binary: The one buffer.

    Returns:
        The whole file.

    Raises:
        FormatError: If it would be longer than 4 GiB.
    """
    parts = []
    for kind, padding, part in ((JSON, b" ", text), (BIN, b"\0", binary)):
        padded = part + padding * (-len(part) % 4)
        parts += [CHUNK.pack(len(padded), kind), padded]
    length = GLB.size + sum(map(len, parts))
    if length > LARGEST:
        raise FormatError(f"a .glb file holds at most {LARGEST} bytes, these Gaussians {length}.")
    return b"".join([GLB.pack(MAGIC, 2, length), *parts])


def data_uri(binary: bytes) -> str:
    """A buffer as text.

    Args:
        binary: The buffer.
    """
    return f"{DATA_URI}application/octet-stream;base64,{base64.b64encode(binary).decode()}"


def _split(content: bytes) -> tuple[bytes, bytes | None]:
    if len(content) < GLB.size:
        raise FormatError("the file is truncated: its header is not whole.")
    _, version, length = GLB.unpack_from(content)
    if version != 2:
        raise FormatError(f"this is binary glTF of version {version}, wanted 2.")
    if length > len(content):
        raise FormatError(f"the file is truncated: it needs {length} bytes, it has {len(content)}.")
    chunks, place = [], GLB.size
    while place + CHUNK.size <= length and len(chunks) < 2:
        size, kind = CHUNK.unpack_from(content, place)
        place += CHUNK.size
        if place + size > length:
            raise FormatError(f"a chunk of {size} bytes does not fit into the file.")
        chunks.append((kind, content[place : place + size]))
        place += size
    if not chunks or chunks[0][0] != JSON:
        raise FormatError("this is no binary glTF file: it does not begin with JSON.")
    return chunks[0][1], chunks[1][1] if len(chunks) == 2 and chunks[1][0] == BIN else None


def _load(buffer: Buffer, binary: bytes | None, folder: Path) -> bytes:
    if buffer.uri is None:
        content = binary
    elif buffer.uri.startswith(DATA_URI):
        content = _decode(buffer.uri)
    else:
        content = _sibling(folder, unquote(buffer.uri), buffer.byte_length)
    if content is None or len(content) < buffer.byte_length:
        have = 0 if content is None else len(content)
        raise FormatError(f"a buffer of {buffer.byte_length} bytes is truncated: it has {have}.")
    return content


def _decode(uri: str) -> bytes:
    head, _, text = uri.partition(",")
    try:
        if not head.endswith(";base64"):
            raise ValueError("it is not base64")
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError(f"a buffer in the JSON cannot be read: {error}.") from error


def _sibling(folder: Path, name: str, size: int) -> bytes:
    """At most `size` bytes of a plain file in the folder or below."""
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or any(c in name for c in ":\\\0"):
        raise FormatError(
            f"its buffer {name[:80]!r} is not a file beside it or below, and no others are read."
        )
    path = folder / relative
    try:
        if not path.is_file():
            raise FormatError(f"its buffer {name[:80]!r} is missing.")
        with path.open("rb") as file:
            return file.read(min(size, path.stat().st_size))
    except OSError as error:
        raise FormatError(
            f"its buffer {name[:80]!r} cannot be read: {error.strerror or error}."
        ) from error
