"""The file meta.json of SOG, versions 1 and 2, and the layout of its images."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gaussrep.errors import FormatError

ENTRIES = 256
"""Entries of a codebook."""
COLUMNS = 64
"""Palette entries in a row of their image."""
SMALLEST_TAG = 252
"""Fourth byte of a quaternion whose largest component is w."""
LARGEST_COUNT = 2**40

Number = Annotated[float, Field(allow_inf_nan=False)]
Vector = tuple[Number, Number, Number]
Codebook = Annotated[tuple[Number, ...], Field(min_length=ENTRIES, max_length=ENTRIES)]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Name = tuple[str]
Pair = tuple[str, str]


class SogObject(BaseModel):
    """Base of all objects of the file."""

    model_config = ConfigDict(frozen=True)


class Means(SogObject):
    """Centers on a logarithmic scale, between bounds, in the low and the high bytes of 16 bits."""

    mins: Vector
    maxs: Vector
    files: Pair


class Quats(SogObject):
    """Smallest three of quaternions, a byte each, and the index of the largest."""

    files: Name
    encoding: Literal["quaternion_packed"] = "quaternion_packed"


class Scales(SogObject):
    """Logarithms of scales: entries of a codebook."""

    codebook: Codebook
    files: Name


class Colors(SogObject):
    """SH of degree 0: entries of a codebook; and opacities."""

    codebook: Codebook
    files: Name


class Harmonics(SogObject):
    """Higher SH: labels of palette entries, whose numbers are entries of a codebook."""

    codebook: Codebook
    count: Count
    files: Pair


class Asset(SogObject):
    """The program that wrote the file."""

    generator: str = ""


class Meta(SogObject):
    """Version 2, of 2025."""

    version: Literal[2]
    count: Count
    means: Means
    quats: Quats
    scales: Scales
    sh0: Colors
    shN: Harmonics | None = None
    asset: Asset = Asset()
    antialias: bool = False
    model: str = "default"


class Bounded(SogObject):
    """Numbers between bounds, of all Gaussians or of each channel."""

    files: Name


class BoundedScales(Bounded):
    """Logarithms of scales."""

    mins: Vector
    maxs: Vector


class BoundedColors(Bounded):
    """SH of degree 0 and logits of opacities."""

    mins: tuple[Number, Number, Number, Number]
    maxs: tuple[Number, Number, Number, Number]


class BoundedHarmonics(SogObject):
    """Higher SH, by palette."""

    mins: Number
    maxs: Number
    files: Pair


class ShapedMeans(Means):
    """Centers, and their number."""

    shape: tuple[Count, Literal[3]]


class OldMeta(SogObject):
    """Version 1, which has no number of its version."""

    means: ShapedMeans
    quats: Quats
    scales: BoundedScales
    sh0: BoundedColors
    shN: BoundedHarmonics | None = None

    @property
    def count(self) -> int:
        """Number of Gaussians."""
        return self.means.shape[0]


class _Kind(BaseModel):
    """Keys that distinguish versions and files of the same name by other programs."""

    model_config = ConfigDict(extra="allow")

    version: Any = None
    means: dict[str, Any] = Field(default_factory=dict)


def parse_meta(text: bytes) -> Meta | OldMeta:
    """Parse and validate a meta.json.

    Args:
        text: UTF-8.

    Returns:
        Its content.

    Raises:
        FormatError: If it is not JSON, or of another kind or version.
    """
    try:
        kind = _Kind.model_validate_json(text)
        if "filenames" in (kind.model_extra or {}):
            raise FormatError(
                "this lists the parts of a streamed scene in several levels of detail, which is "
                "not read; convert one of its parts, a meta.json of its own."
            )
        if kind.means and "files" not in kind.means:
            raise FormatError(
                "this is not an SOG: its means name no files. gsplat's PngCompression writes such "
                "a meta.json; read its folder with gsplat."
            )
        if kind.version is None:
            return OldMeta.model_validate_json(text)
        return Meta.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "its meta.json"
        reason = f"{place}: {first['msg']}"
        raise FormatError(f"this is not an SOG of version 1 or 2: {reason}.") from error
