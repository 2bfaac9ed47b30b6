"""Settings of file formats. Never imports torch."""

from typing import Literal

from gaussrep.config import ComponentConfig


class FormatConfig(ComponentConfig):
    """Settings of every format of the core."""

    strict: bool = False
    """When reading, refuse a file with impossible Gaussians, such as NaN or a zero quaternion;
    otherwise up to one in a hundred is left out with a warning."""


class PlyConfig(FormatConfig):
    """Settings of PLY files."""


class SplatConfig(FormatConfig):
    """Settings of `.splat` files."""


class KsplatConfig(FormatConfig):
    """Settings of `.ksplat` files."""


class GltfConfig(FormatConfig):
    """Settings of glTF files."""


class SogConfig(FormatConfig):
    """Settings of SOG files."""


class SpzConfig(FormatConfig):
    """Settings of SPZ files."""

    version: Literal[2, 3, 4] = 3
    """Version of written files: 3 keeps orientations to a fraction of a degree, 2 is for older
    readers; 4 is packed with Zstandard, holds SH of degree 4 and needs `gaussrep[zstd]`."""

    axes: Literal["auto", "spz", "ply"] = "auto"
    """Axes of the numbers in the file: `spz` is right, up, back, the specification; `ply` is right,
    down, forward, as splat-transform 3, gsply, gaussforge, spz-js and Spark write. `auto` uses the
    file's own record if it has one, otherwise `spz`."""


class UsdConfig(FormatConfig):
    """Settings of USD files."""

    axes: Literal["auto", "usd", "ply"] = "auto"
    """Axes of the numbers in the file: `usd` is what its `upAxis` names, right, up, back for Y;
    `ply` is right, down, forward, as usd-convert-gsplat writes unless a rotation is requested.
    `auto` is `usd`, with a warning for files of that program."""
