"""The part of glTF's JSON that Gaussians need, validated; everything else is ignored."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from gaussrep.errors import FormatError

EXTENSION = "KHR_gaussian_splatting"

Count = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Item = TypeVar("Item")


class Part(BaseModel):
    """Base of everything in a document."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)


class Buffer(Part):
    """Bytes in the file itself, in base64, or in a file beside it."""

    byte_length: Count
    uri: str | None = None


class BufferView(Part):
    """A stretch of a buffer."""

    buffer: Count
    byte_offset: Count = 0
    byte_length: Count
    byte_stride: Count | None = None


class Accessor(Part):
    """Vectors in a buffer view."""

    buffer_view: Count | None = None
    byte_offset: Count = 0
    component_type: int
    normalized: bool = False
    count: Annotated[int, Field(ge=1)]
    type: str
    sparse: Any = None


class Splatting(Part):
    """The extension's own properties."""

    kernel: str
    color_space: str
    projection: str = "perspective"


class PrimitiveExtensions(Part):
    """The extensions of a primitive that count here."""

    splatting: Splatting | None = Field(default=None, alias=EXTENSION)


class Primitive(Part):
    """Points, each with accessors by name."""

    attributes: dict[str, Count]
    mode: int = 4
    extensions: PrimitiveExtensions = PrimitiveExtensions()


class Mesh(Part):
    """Primitives that move together."""

    primitives: tuple[Primitive, ...]


class Node(Part):
    """A place in the scene, with a mesh, children, or neither."""

    mesh: Count | None = None
    children: tuple[Count, ...] = ()
    matrix: Annotated[tuple[Number, ...], Field(min_length=16, max_length=16)] | None = None
    translation: tuple[Number, Number, Number] = (0, 0, 0)
    rotation: tuple[Number, Number, Number, Number] = (0, 0, 0, 1)
    scale: tuple[Number, Number, Number] = (1, 1, 1)


class Scene(Part):
    """The nodes at the top."""

    nodes: tuple[Count, ...] = ()


class Asset(Part):
    """Which glTF this is."""

    version: Annotated[str, Field(pattern=r"^2\.\d+$")]


class Document(Part):
    """A glTF file's JSON."""

    asset: Asset
    extensions_required: tuple[str, ...] = ()
    scene: Count = 0
    scenes: tuple[Scene, ...] = ()
    nodes: tuple[Node, ...] = ()
    meshes: tuple[Mesh, ...] = ()
    accessors: tuple[Accessor, ...] = ()
    buffer_views: tuple[BufferView, ...] = ()
    buffers: tuple[Buffer, ...] = ()


def parse_document(text: bytes) -> Document:
    """Read JSON.

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


def pick(items: Sequence[Item], index: int, what: str) -> Item:
    """One of a document's items.

    Args:
        items: All of a kind.
        index: Which.
        what: The kind, for the message.

    Returns:
        The item.

    Raises:
        FormatError: If there is none.
    """
    if index >= len(items):
        raise FormatError(f"{what} {index} is named, but there are {len(items)}.")
    return items[index]
