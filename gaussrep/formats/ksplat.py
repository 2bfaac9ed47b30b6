"""Gaussians in the files of mkkellogg's web viewer, `.ksplat`, which are read and not written."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from gaussrep import sh
from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import gaussians_from_arrays, open_for_reading
from gaussrep.formats.config import KsplatConfig
from gaussrep.formats.format import Format
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
"""Steps where a section does not name them."""
SH_RANGE = 1.5
"""Size of the range of SH where the header does not name it."""


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
            One scene with `sh`, or with `colors` where the file has no higher SH, float32, on the
            CPU.

        Raises:
            FormatError: If the file is missing, truncated, of another version, or holds impossible
                Gaussians.
        """
        remarks = Remarks(self.config.strict)
        with open_for_reading(path, remarks) as file:
            return decode(file.read(), remarks)

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
class Section:
    """A section of a file.

    Args:
        centers: Of all Gaussians, [N, 3].
        rows: Their other values.
        degree: SH degree.
    """

    centers: np.ndarray
    rows: np.ndarray
    degree: int


def decode(content: bytes, remarks: Remarks) -> Gaussians:
    """Decode a file.

    Args:
        content: The whole file.
        remarks: What is odd in the file; impossible Gaussians are added.

    Returns:
        One scene.

    Raises:
        FormatError: If it is truncated or of another version, or impossible Gaussians are not left
            out.
    """
    if len(content) < HEADER.itemsize:
        raise FormatError("this is no .ksplat file, or it is truncated: its header is not whole.")
    header = np.frombuffer(content, HEADER, 1)[0]
    if header["major"] != 0 or header["minor"] < 1 or header["level"] > 2:
        raise FormatError(
            f"this is .ksplat of version {header['major']}.{header['minor']} and compression level "
            f"{header['level']}; only 0.1 and levels 0 to 2 are read."
        )
    sections = list(_sections(content, header))
    found = sum(len(section.rows) for section in sections)
    if found != header["count"] or not sections:
        raise FormatError(f"its sections hold {found} Gaussians, its header {header['count']}.")
    rows = [section.rows for section in sections]
    rgba = np.concatenate([row["rgba"] for row in rows]) / 255
    return gaussians_from_arrays(
        remarks,
        means=np.concatenate([section.centers for section in sections]),
        quats=np.concatenate([row["quats"] for row in rows]),
        scales=np.concatenate([row["scales"] for row in rows]),
        opacities=rgba[:, 3],
        **_appearance(rgba[:, :3], sections, header),
    )


def _sections(content: bytes, header: np.void) -> Iterator[Section]:
    """Yield the sections, after a check that the file holds each of them."""
    number, level = int(header["sections"]), int(header["level"])
    start = HEADER.itemsize + number * SECTION.itemsize
    if start > len(content):
        raise FormatError(
            f"the file is truncated: headers of {number} sections end at {start} bytes, it has "
            f"{len(content)}."
        )
    for fields in np.frombuffer(content, SECTION, number, HEADER.itemsize):
        named = {name: fields[name].item() for name in SECTION.names or ()}
        if named["degree"] >= len(BASES):
            raise FormatError(f"a section has SH of degree {named['degree']}, wanted 0 to 3.")
        dtype = _row(level, named["degree"])
        lengths = start
        centers = lengths + named["partial"] * LENGTH.itemsize
        rows = centers + 3 * named["buckets"] * CENTER.itemsize
        count = named["count"]
        if count > named["room"] or rows + count * dtype.itemsize > len(content):
            raise FormatError(
                f"the file is truncated: a section of {count} Gaussians, with room for "
                f"{named['room']}, begins at {rows} bytes, it has {len(content)}."
            )
        table = np.frombuffer(content, dtype, count, rows)
        means = table["means"]
        if level:
            partial = np.frombuffer(content, LENGTH, named["partial"], lengths)
            places = np.frombuffer(content, CENTER, 3 * named["buckets"], centers).reshape(-1, 3)
            means = _centers(means, places[_buckets(named, partial)], named)
        yield Section(means, table, named["degree"])
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


def _buckets(named: dict[str, int], partial: np.ndarray) -> np.ndarray:
    """Return the bucket of every Gaussian: full ones first, then those of other lengths."""
    places = np.arange(named["count"])
    inside = named["full"] * named["size"]
    ends = np.cumsum(partial, dtype=np.uint64)
    behind = np.searchsorted(ends, (places - inside).clip(0).astype(np.uint64), side="right")
    buckets = np.where(places < inside, places // max(1, named["size"]), named["full"] + behind)
    if len(buckets) and buckets[-1] >= named["buckets"]:
        raise FormatError(
            f"a Gaussian is in bucket {buckets[-1]}, a section has {named['buckets']} of them."
        )
    return buckets


def _centers(stored: np.ndarray, places: np.ndarray, named: dict[str, int]) -> np.ndarray:
    steps = named["range"] or STEPS
    with np.errstate(over="ignore", invalid="ignore"):
        offsets = (stored.astype(np.float64) - steps) * (named["block"] / 2 / steps)
        return offsets + places


def _appearance(
    colors: np.ndarray, sections: list[Section], header: np.void
) -> dict[str, np.ndarray]:
    """Decode SH, those of lower sections filled up with 0; or colors."""
    bases = BASES[max(section.degree for section in sections)]
    if bases == 1:
        return {"colors": colors}
    harmonics = np.zeros((len(colors), bases, 3))
    harmonics[:, 0] = (colors - 0.5) / sh.C0
    low, high = (header["low"] or -SH_RANGE, header["high"] or SH_RANGE)
    start = 0
    for section in sections:
        values = section.rows["sh"].astype(np.float64)
        if header["level"] == 2:
            with np.errstate(invalid="ignore"):
                values = low + values / 255 * (np.float64(high) - low)
        stop = start + len(values)
        for below, above in pairwise(BASES[: section.degree + 1]):
            band = values[:, 3 * (below - 1) : 3 * (above - 1)]
            harmonics[start:stop, below:above] = band.reshape(
                len(values), 3, above - below
            ).swapaxes(1, 2)
        start = stop
    return {"sh": harmonics}
