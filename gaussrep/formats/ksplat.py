"""Gaussians in the files of mkkellogg's web viewer, `.ksplat`, which are read and not written."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gaussrep import sh
from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import gaussians_from_arrays, open_for_rows
from gaussrep.formats.config import KsplatConfig
from gaussrep.formats.format import Format, Rows, divide_rows
from gaussrep.formats.remarks import Remarks
from gaussrep.gaussians import Gaussians

HEADER = np.dtype(
    {
        "names": ["major", "minor", "sections", "count", "level", "low", "high"],
        "formats": ["u1", "u1", "<u4", "<u4", "<u2", "<f4", "<f4"],
        "offsets": [0, 1, 4, 16, 20, 36, 40],
        "itemsize": 4096,
    }
)
"""Version, number of sections and of Gaussians, compression level, range of SH of level 2."""
SECTION = np.dtype(
    {
        "names": [
            "count",
            "room",
            "size",
            "buckets",
            "block",
            "range",
            "full",
            "partial",
            "degree",
        ],
        "formats": ["<u4", "<u4", "<u4", "<u4", "<f4", "<u4", "<u4", "<u4", "<u2"],
        "offsets": [0, 4, 8, 12, 16, 24, 32, 36, 40],
        "itemsize": 1024,
    }
)
"""Number of Gaussians and room for them; Gaussians in a bucket, buckets, their width, steps from a
bucket's center to its side; full and other buckets; SH degree."""
BASES = (1, 4, 9, 16)
CENTER, LENGTH = np.dtype("<f4"), np.dtype("<u4")
STEPS = 32767
"""Steps if a section does not name them."""
SH_RANGE = 1.5
"""Size of the range of SH if the header does not name it."""
ROWS = 2**13
"""Gaussians that are decoded at a time; a design choice."""


class Ksplat(Format):
    """Sections of Gaussians: float32 at level 0, half floats at level 1, SH as bytes at level 2.

    Centers of levels 1 and 2 are relative to buckets.

    https://github.com/mkkellogg/GaussianSplats3D, version 0.4.7.

    Axes are those of 3DGS's PLY files, x right, y down, z forward, and are not converted.

    Args:
        config: The settings.
    """

    def __init__(self, config: KsplatConfig | None = None) -> None:
        self.config = config or KsplatConfig()

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, or with `colors` if the file has no higher SH, float32, on the
            CPU.

        Raises:
            FormatError: If the file is missing, truncated, of another version, or holds impossible
                Gaussians.
        """
        with self.open_rows(path) as rows:
            return rows.collect()

    @contextmanager
    def open_rows(self, path: Path) -> Iterator[Rows]:
        """See `Format.open_rows`."""
        remarks = Remarks(self.config.strict)
        with open_for_rows(path, remarks, lambda file: _rows(file, remarks)) as rows:
            yield rows

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Reject: this format is not written.

        Args:
            gaussians: One scene.
            path: The file.

        Raises:
            FormatError: Always.
        """
        raise FormatError(f"{path}: .ksplat is not written; write .splat, .spz or .sog.")


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a file.

    Args:
        place: Byte at which its Gaussians begin.
        dtype: Layout of one Gaussian.
        named: Its header.
        centers: Centers of its buckets, [buckets, 3]; none at level 0.
        ends: Numbers of the Gaussians in the buckets that are not full, up to each of them.
    """

    place: int
    dtype: np.dtype
    named: Mapping[str, int]
    centers: np.ndarray
    ends: np.ndarray

    @property
    def count(self) -> int:
        """Number of Gaussians."""
        return self.named["count"]


def _rows(file: BinaryIO, remarks: Remarks) -> Rows:
    """Check the headers, and prepare to read the Gaussians."""
    size = os.fstat(file.fileno()).st_size
    if size < HEADER.itemsize:
        raise FormatError(
            "this is not a .ksplat file, or it is truncated: its header is not whole."
        )
    header = np.fromfile(file, HEADER, 1)[0]
    if header["major"] != 0 or header["minor"] < 1 or header["level"] > 2:
        raise FormatError(
            f"this is .ksplat of version {header['major']}.{header['minor']} and compression level "
            f"{header['level']}; only 0.1 and levels 0 to 2 are read."
        )
    sections = list(_sections(file, size, header))
    found = sum(section.count for section in sections)
    if found != header["count"] or not sections:
        raise FormatError(f"its sections hold {found} Gaussians, its header {header['count']}.")
    bases = BASES[max(section.named["degree"] for section in sections)]

    def decode(section: _Section, part: slice) -> Gaussians:
        file.seek(section.place + part.start * section.dtype.itemsize)
        table = np.fromfile(file, section.dtype, part.stop - part.start)
        if len(table) < part.stop - part.start:
            raise FormatError("the file became shorter while it was read.")
        rgba = table["rgba"] / 255
        return gaussians_from_arrays(
            remarks,
            means=_means(section, table["means"], part),
            quats=table["quats"],
            scales=table["scales"],
            opacities=rgba[:, 3],
            **_appearance(rgba[:, :3], table["sh"], section.named["degree"], bases, header),
        )

    chunks = (
        decode(section, part) for section in sections for part in divide_rows(section.count, ROWS)
    )
    return Rows(found, decode(sections[0], slice(0, 0)), chunks)


def _sections(file: BinaryIO, size: int, header: np.void) -> Iterator[_Section]:
    """Yield the sections, after a check that the file holds each of them."""
    number, level = int(header["sections"]), int(header["level"])
    start = HEADER.itemsize + number * SECTION.itemsize
    if start > size:
        raise FormatError(
            f"the file is truncated: headers of {number} sections end at {start} bytes, it has "
            f"{size}."
        )
    for place in range(number):
        file.seek(HEADER.itemsize + place * SECTION.itemsize)
        fields = np.fromfile(file, SECTION, 1)[0]
        named = {name: fields[name].item() for name in SECTION.names or ()}
        if named["degree"] >= len(BASES):
            raise FormatError(f"a section has SH of degree {named['degree']}, expected 0 to 3.")
        dtype = _row(level, named["degree"])
        centers = start + named["partial"] * LENGTH.itemsize
        rows = centers + 3 * named["buckets"] * CENTER.itemsize
        count = named["count"]
        if count > named["room"] or rows + count * dtype.itemsize > size:
            raise FormatError(
                f"the file is truncated: a section of {count} Gaussians, with room for "
                f"{named['room']}, begins at {rows} bytes, it has {size}."
            )
        file.seek(start)
        lengths = np.fromfile(file, LENGTH, named["partial"] if level else 0)
        file.seek(centers)
        places = np.fromfile(file, CENTER, 3 * named["buckets"] if level else 0).reshape(-1, 3)
        section = _Section(rows, dtype, named, places, np.cumsum(lengths, dtype=np.uint64))
        if level and count:
            _check_last_bucket(section)
        yield section
        start = rows + named["room"] * dtype.itemsize


def _row(level: int, degree: int) -> np.dtype:
    """Return the layout of one Gaussian."""
    center, number, harmonic = [("<f4", "<f4", "<f4"), ("<u2", "<f2", "<f2"), ("<u2", "<f2", "u1")][
        level
    ]
    return np.dtype(
        [
            ("means", center, 3),
            ("scales", number, 3),
            ("quats", number, 4),
            ("rgba", "u1", 4),
            ("sh", harmonic, 3 * (BASES[degree] - 1)),
        ]
    )


def _check_last_bucket(section: _Section) -> None:
    last = _buckets(section, np.array([section.count - 1]))[0]
    if last >= section.named["buckets"]:
        raise FormatError(
            f"a Gaussian is in bucket {last}, a section has {section.named['buckets']} of them."
        )


def _buckets(section: _Section, places: np.ndarray) -> np.ndarray:
    """Return the bucket of some Gaussians: full ones first, then those of other lengths."""
    full, size = section.named["full"], section.named["size"]
    inside = full * size
    behind = np.searchsorted(
        section.ends, (places - inside).clip(0).astype(np.uint64), side="right"
    )
    return np.where(places < inside, places // max(1, size), full + behind)


def _means(section: _Section, stored: np.ndarray, part: slice) -> np.ndarray:
    if stored.dtype.kind == "f":
        return stored
    steps = section.named["range"] or STEPS
    centers = section.centers[_buckets(section, np.arange(part.start, part.stop))]
    with np.errstate(over="ignore", invalid="ignore"):
        offsets = (stored.astype(np.float64) - steps) * (section.named["block"] / 2 / steps)
        return offsets + centers


def _appearance(
    colors: np.ndarray, stored: np.ndarray, degree: int, bases: int, header: np.void
) -> dict[str, np.ndarray]:
    """Decode SH, filled up with 0 to `bases`; or colors if no section has higher SH."""
    if bases == 1:
        return {"colors": colors}
    harmonics = np.zeros((len(colors), bases, 3))
    harmonics[:, 0] = (colors - 0.5) / sh.C0
    low, high = (header["low"] or -SH_RANGE, header["high"] or SH_RANGE)
    values = stored.astype(np.float64)
    if header["level"] == 2:
        with np.errstate(invalid="ignore"):
            values = low + values / 255 * (np.float64(high) - low)
    for below, above in pairwise(BASES[: degree + 1]):
        band = values[:, 3 * (below - 1) : 3 * (above - 1)].reshape(len(values), 3, above - below)
        harmonics[:, below:above] = band.swapaxes(1, 2)
    return {"sh": harmonics}
