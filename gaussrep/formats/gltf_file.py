"""JSON of glTF files."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

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
        FormatError: If it is not JSON or not a glTF 2 file; the message gives the first mistake.
    """
    try:
        return Document.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "its JSON"
        raise FormatError(f"this is not a glTF 2 file: {place}: {first['msg']}.") from error


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
