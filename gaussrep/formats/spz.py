"""Gaussians in Niantic's compressed format, `.spz`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Literal

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.axes import Signs, turn_axes
from gaussrep.formats.checked_files import (
    checked_values,
    named_errors,
    open_for_reading,
    open_for_rows,
    open_for_writing,
    possible_gaussians,
    validate_for_export,
)
from gaussrep.formats.config import SpzConfig
from gaussrep.formats.format import Format, Rows, RowSource, divide_rows
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.spz_container import (
    MAX_DEGREE,
    ByteStream,
    SpzHeader,
    write_spz,
)
from gaussrep.formats.spz_streams import (
    FRACTIONAL_BITS,
    LARGEST_FIXED,
    ROWS,
    decode_streams,
    encode_centers,
    encode_rows,
    fractional_bits,
)
from gaussrep.formats.spz_unpacking import open_spz
from gaussrep.formats.storage import take_rows
from gaussrep.gaussians import Gaussians

AXES = {"spz": 4, "ply": 6}
"""Numbers of right, up, back and of right, down, forward in Adobe's record of a file's axes."""
READABLE_AXES = range(1, 9)
"""The numbers whose x is right or left, y down or up, z forward or back."""


class Spz(Format):
    """About 20 bytes per Gaussian: fixed-point centers, a byte for everything else, packed.

    Versions 2 to 4 are read and written, version 1 is read; version 4 needs the extra `zstd`.
    https://github.com/nianticlabs/spz, revision 21715c3.

    Axes of a file are x right, y up, z back by the specification; they are converted, spherical
    harmonics included. Many programs write the axes of a PLY file, and few files name theirs: a
    record of Adobe's is read and written, otherwise the setting `axes` decides, and a line of the
    log states what was assumed. The flag of scenes that were fitted with antialiasing is read and
    written.

    Args:
        config: The settings.
    """

    def __init__(self, config: SpzConfig | None = None) -> None:
        self.config = config or SpzConfig()

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, float32, on the CPU.

        Raises:
            FormatError: If the file is missing, truncated, of another version, compressed to
                implausibly few bytes, in axes that are not read, or holds impossible Gaussians.
        """
        remarks = Remarks(self.config.strict)
        with open_for_reading(path, remarks) as file:
            source = open_spz(file)
            guess = _signs_of(self._written_axes())  # a record of the axes follows the streams
            fields = decode_streams(source.header, source.in_order(), source.header.count, guess)
            header = source.complete(remarks)
            x, y, z = (a * b for a, b in zip(guess, self._signs(header, remarks), strict=True))
            turn_axes(fields, (x, y, z))
            return _finish(header, fields, remarks)

    @contextmanager
    def open_rows(self, path: Path) -> Iterator[Rows]:
        """See `Format.open_rows`; what is packed by gzip is unpacked twice."""
        remarks = Remarks(self.config.strict)

        def start(file: BinaryIO) -> Rows:
            source = open_spz(file)
            streams = source.side_by_side()
            header = source.complete(remarks)
            signs = self._signs(header, remarks)

            def decode(count: int) -> Gaussians:
                return _finish(header, decode_streams(header, streams, count, signs), remarks)

            sizes = (part.stop - part.start for part in divide_rows(header.count))
            return Rows(header.count, decode(0), map(decode, sizes))

        with open_for_rows(path, remarks, start) as rows:
            yield rows

    def _signs(self, header: SpzHeader, remarks: Remarks) -> Signs:
        """Select the signs of the file's axes, by setting, record or specification."""
        if self.config.axes != "auto":
            return _signs_of(AXES[self.config.axes])
        if header.axes in READABLE_AXES:
            return _signs_of(header.axes)
        if header.axes:
            raise FormatError(
                f"the file's axes are number {header.axes} of Adobe's record; only 1 to 8 are read."
            )
        remarks.add(
            "it does not name its axes; right, up, back were assumed, as Niantic's programs write. "
            "If the scene is upside down, load it with axes=ply"
        )
        return _signs_of(AXES["spz"])

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene atomically.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists.

        Raises:
            FormatError: If there are batch axes, features, no Gaussians, or SH of degree 4 below
                version 4, a scale or center is too large, zstandard is needed and not installed,
                or the file cannot be written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        like, axes = self._start(gaussians, path), self._written_axes()
        streams = SpzStreams(like, axes, self.config.version, path.parent)
        with open_for_writing(path) as file, streams, named_errors(path):
            streams.add(like)
            write_spz(file, *streams.finish())
        streams.remark(path)

    def write_rows(self, source: RowSource, path: Path) -> int:
        """See `Format.write_rows`."""
        with open_for_writing(path) as file, ExitStack() as stack:
            with source() as rows:
                like = self._start(rows.like, path)
                streams = SpzStreams(like, self._written_axes(), self.config.version, path.parent)
                stack.enter_context(streams)
                for chunk in rows.chunks:
                    scene = checked_values(chunk)
                    with named_errors(path):
                        streams.add(scene)
            with named_errors(path):
                write_spz(file, *streams.finish())
        streams.remark(path)
        return streams.count

    def _start(self, gaussians: Gaussians, path: Path) -> Gaussians:
        version = self.config.version
        what, degree = f"an SPZ file of version {version}", MAX_DEGREE if version == 4 else 3
        return validate_for_export(gaussians, path, what, degree, antialiased_mark="known")

    def _written_axes(self) -> int:
        return AXES["spz" if self.config.axes == "auto" else self.config.axes]


def _finish(header: SpzHeader, fields: dict[str, Any], remarks: Remarks) -> Gaussians:
    """Build a scene; only half floats of version 1 can be impossible."""
    scene = possible_gaussians(remarks, **fields) if header.version == 1 else Gaussians(**fields)
    return scene.replace(antialiased=header.antialiased)


def _signs_of(number: int) -> Signs:
    code = number - 1
    return (1 if code & 1 else -1, -1 if code & 2 else 1, 1 if code & 4 else -1)


class SpzStreams:
    """The streams of a file that is written, in temporary files.

    Args:
        like: A scene of the same fields and marks.
        axes: Number of the file's axes.
        version: Version of the file, 2 to 4.
        folder: Where the temporary files are.
    """

    def __init__(
        self,
        like: Gaussians,
        axes: int,
        version: Literal[2, 3, 4],
        folder: Path,
    ) -> None:
        self.count = 0
        self._like, self._axes = like, axes
        self._version: Literal[2, 3, 4] = version
        self._farthest, self._far = 0.0, 0
        self._header: SpzHeader | None = None
        self._folder, self._stack = folder, ExitStack()
        self._files: list[ByteStream] = []

    def __enter__(self) -> "SpzStreams":
        opened = (TemporaryFile(dir=self._folder) for _ in range(7))  # noqa: SIM115 - in the stack
        self._files = [self._stack.enter_context(file) for file in opened]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, part: Gaussians) -> None:
        """Encode Gaussians.

        Args:
            part: Gaussians of any number, float32, on the CPU, in gaussrep's axes.

        Raises:
            FormatError: If one is too large.
        """
        limit, signs = LARGEST_FIXED / 2**FRACTIONAL_BITS, _signs_of(self._axes)
        means, *others = self._files[1:]
        for rows in divide_rows(part.count, ROWS):
            few = take_rows(part, rows)
            sizes = few.means.abs().amax(-1)
            self.count += few.count
            self._farthest = max(self._farthest, float(sizes.max()))
            self._far += int((sizes > limit).sum())
            means.write((few.means.numpy() * np.array(signs, np.float32)).data)
            for file, stream in zip(others, encode_rows(few, self._version, signs), strict=True):
                file.write(np.ascontiguousarray(stream).data)

    def finish(self) -> tuple[SpzHeader, list[ByteStream]]:
        """Encode the centers, when all Gaussians were added.

        Returns:
            The header, and the streams.

        Raises:
            FormatError: If there are no Gaussians, or one is too far away.
        """
        if self.count == 0:
            raise FormatError("an SPZ file holds at least one Gaussian, got none.")
        bits = fractional_bits(self._farthest)
        centers, means, *others = self._files
        means.seek(0)
        while block := means.read(12 * ROWS):
            rows = np.frombuffer(block, np.float32).reshape(-1, 3)
            centers.write(np.ascontiguousarray(encode_centers(rows, bits)).data)
        self._header = SpzHeader(
            self._version,
            self.count,
            self._like.sh_degree or 0,
            bits,
            axes=self._axes,
            antialiased=self._like.antialiased,
        )
        return self._header, [centers, *others]

    def remark(self, path: Path) -> None:
        """Log that centers are coarser because of Gaussians far away.

        Args:
            path: The file that was written.
        """
        assert self._header is not None
        bits = self._header.fractional_bits
        if bits < FRACTIONAL_BITS:
            remarks = Remarks()
            remarks.add(
                f"centers are in steps of 1/{2**bits} in place of 1/{2**FRACTIONAL_BITS}, because "
                f"{self._far} of {self.count} are more than "
                f"{LARGEST_FIXED / 2**FRACTIONAL_BITS:.0f} units away; remove these, or "
                "normalize the scene with a Cuboid"
            )
            remarks.log(path)
