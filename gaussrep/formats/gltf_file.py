"""JSON and buffers of glTF files."""

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from gaussrep.errors import FormatError

EXTENSION = "KHR_gaussian_splatting"

Count = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Item = TypeVar("Item")


class GltfObject(BaseModel):
    """Base of all objects of a document."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)


class Buffer(GltfObject):
    """Bytes in the file itself, in base64, or in a file beside it."""

    byte_length: Count
    uri: str | None = None


class BufferView(GltfObject):
    """A range of a buffer."""

    buffer: Count
    byte_offset: Count = 0
    byte_length: Count
    byte_stride: Count | None = None


class Accessor(GltfObject):
    """Vectors in a buffer view."""

    buffer_view: Count | None = None
    byte_offset: Count = 0
    component_type: int
    normalized: bool = False
    count: Annotated[int, Field(ge=1)]
    type: str
    sparse: Any = None


class Splatting(GltfObject):
    """Properties of the extension; in `model_extra` those that are unknown."""

    model_config = ConfigDict(extra="allow")

    kernel: str | None = None
    color_space: str | None = None
    projection: str = "perspective"
    sorting_method: str | None = None
    extras: Any = None


class PrimitiveExtensions(GltfObject):
    """The extensions of a primitive that are read."""

    splatting: Splatting | None = Field(default=None, alias=EXTENSION)


class Primitive(GltfObject):
    """Points, each with accessors by name."""

    attributes: dict[str, Count]
    mode: int = 4
    extensions: PrimitiveExtensions = PrimitiveExtensions()


class GltfMesh(GltfObject):
    """Primitives with one placement."""

    primitives: tuple[Primitive, ...]


class Node(GltfObject):
    """A transform in the scene, with a mesh, children, or neither."""

    extensions: dict[str, Any] = Field(default_factory=dict)
    mesh: Count | None = None
    children: tuple[Count, ...] = ()
    matrix: Annotated[tuple[Number, ...], Field(min_length=16, max_length=16)] | None = None
    translation: tuple[Number, Number, Number] = (0, 0, 0)
    rotation: tuple[Number, Number, Number, Number] = (0, 0, 0, 1)
    scale: tuple[Number, Number, Number] = (1, 1, 1)


class GltfScene(GltfObject):
    """The root nodes."""

    nodes: tuple[Count, ...] = ()


class Asset(GltfObject):
    """Version of glTF, and the program that wrote the file."""

    version: Annotated[str, Field(pattern=r"^2\.\d+$")]
    generator: str = ""


class Document(GltfObject):
    """A glTF file's JSON."""

    asset: Asset
    extensions_used: tuple[str, ...] = ()
    extensions_required: tuple[str, ...] = ()
    scene: Count = 0
    scenes: tuple[GltfScene, ...] = ()
    nodes: tuple[Node, ...] = ()
    meshes: tuple[GltfMesh, ...] = ()
    accessors: tuple[Accessor, ...] = ()
    buffer_views: tuple[BufferView, ...] = ()
    buffers: tuple[Buffer, ...] = ()


def parse_document(text: bytes) -> Document:
    """Parse and validate JSON.

    Args:
        text: UTF-8.

    Returns:
        The document.

    Raises:
        FormatError: If it is no JSON or no glTF 2; the message gives the first mistake.
    """
    try:
        return Document.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "its JSON"
        raise FormatError(f"this is no glTF 2 file: {place}: {first['msg']}.") from error


def item_at(items: Sequence[Item], index: int, what: str) -> Item:
    """Return one of a document's items.

    Args:
        items: All items of a kind.
        index: Index of the item.
        what: Name of the kind, for the message.

    Returns:
        The item.

    Raises:
        FormatError: If there is no such item.
    """
    if index >= len(items):
        raise FormatError(f"{what} {index} is named, but there are {len(items)}.")
    return items[index]


MAGIC = b"glTF"
GLB = struct.Struct("<4sII")
"""Magic, version and length of a binary file."""
CHUNK = struct.Struct("<I4s")
"""Length and type of each chunk."""
JSON, BIN = b"JSON", b"BIN\0"
MAX_LENGTH = 2**32 - 1
"""Largest length of a binary file in bytes."""
DATA_URI = "data:"


@dataclass(frozen=True, slots=True)
class Container:
    """JSON and buffers of a glTF file.

    Args:
        document: Its JSON.
        buffers: Its bytes, one entry per buffer of the document.
    """

    document: Document
    buffers: tuple[bytes, ...]


def read_container(content: bytes, folder: Path) -> Container:
    """Parse a file, and read the buffers that it refers to.

    Args:
        content: The whole file, binary or JSON.
        folder: Folder of the file; buffers are read only from it and its subfolders.

    Returns:
        JSON and buffers.

    Raises:
        FormatError: If it is damaged, or a buffer is missing or too short.
    """
    text, binary = _split(content) if content.startswith(MAGIC) else (content, None)
    document = parse_document(text)
    buffers = tuple(_load(buffer, binary, folder) for buffer in document.buffers)
    return Container(document, buffers)


def pack_glb(text: bytes, binary: bytes) -> bytes:
    """Pack JSON and a buffer into a binary file.

    Args:
        text: JSON.
        binary: The one buffer.

    Returns:
        Content of the file.

    Raises:
        FormatError: If it would be longer than 4 GiB.
    """
    parts = []
    for kind, padding, part in ((JSON, b" ", text), (BIN, b"\0", binary)):
        padded = part + padding * (-len(part) % 4)
        parts += [CHUNK.pack(len(padded), kind), padded]
    length = GLB.size + sum(map(len, parts))
    if length > MAX_LENGTH:
        raise FormatError(
            f"a .glb file holds at most {MAX_LENGTH} bytes, these Gaussians {length}."
        )
    return b"".join([GLB.pack(MAGIC, 2, length), *parts])


def data_uri(binary: bytes) -> str:
    """Encode a buffer as a data URI.

    Args:
        binary: The buffer.

    Returns:
        The URI, base64.
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
    """Read at most `size` bytes of a plain file in the folder or a subfolder."""
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
