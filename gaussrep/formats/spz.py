"""Gaussians in Niantic's compressed format, `.spz`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.axes import Signs, convert_axes
from gaussrep.formats.checked_files import (
    gaussians_from_arrays,
    open_for_reading,
    open_for_writing,
    sh_coefficients,
    validate_for_export,
)
from gaussrep.formats.config import SpzConfig
from gaussrep.formats.format import Format
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.smallest_three import drop_largest, largest_component, restore_largest
from gaussrep.formats.spz_container import MAX_DEGREE, SpzHeader, pack_spz, unpack_spz
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
            header, body = unpack_spz(file.read(), remarks)
            signs = self._signs(header, remarks)
            scene = convert_axes(decode_streams(header, body, remarks), signs)
            return scene.replace(antialiased=header.antialiased)

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
        """Write one scene, whole or not at all.

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
        remarks = Remarks()
        axes = AXES["spz" if self.config.axes == "auto" else self.config.axes]
        version = self.config.version
        what, degree = f"an SPZ file of version {version}", MAX_DEGREE if version == 4 else 3
        scene = validate_for_export(gaussians, path, what, degree, antialiased_mark="known")
        scene = convert_axes(scene, _signs_of(axes))
        try:
            header, body = encode_streams(scene, version)
            header = replace(header, axes=axes, antialiased=scene.antialiased)
            content = pack_spz(header, body)
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error
        with open_for_writing(path) as file:
            file.write(content)
        _remark_steps(scene, header.fractional_bits, remarks)
        remarks.log(path)


def _signs_of(number: int) -> Signs:
    code = number - 1
    return (1 if code & 1 else -1, -1 if code & 2 else 1, 1 if code & 4 else -1)


def _remark_steps(scene: Gaussians, bits: int, remarks: Remarks) -> None:
    """Remark on centers that are coarser because of Gaussians far away."""
    if bits < FRACTIONAL_BITS:
        limit = LARGEST_FIXED / 2**FRACTIONAL_BITS
        far = int((scene.means.abs() > limit).any(-1).sum())
        remarks.add(
            f"centers are in steps of 1/{2**bits} in place of 1/{2**FRACTIONAL_BITS}, because "
            f"{far} of {scene.count} are more than {limit:.0f} units away; remove these, or "
            "normalize the scene with a Cuboid"
        )


FRACTIONAL_BITS = 12
"""Centers are in steps of 1/4096, as in Niantic's code; scenes beyond 2048 get coarser ones."""
LARGEST_FIXED = 2**23 - 1
LOG_SCALE_MIN, LOG_SCALE_STEPS = -10.0, 16
"""Logarithms of scales, from -10 in steps of 1/16."""
COLOR_SCALE = 0.15
"""Scale of SH of degree 0, which is stored around 1/2."""
SH_ZERO = 128
SH_ROWS = 2**13
"""Gaussians whose SH are encoded at a time, which the caches of a core hold; a design choice."""
SH_STEPS = (8, 16)
"""Steps of SH in 1/128, of degree 1 and above: Niantic's 5 and 4 bits, which pack well."""


def decode_streams(header: SpzHeader, body: bytes, remarks: Remarks) -> Gaussians:
    """Decode streams to Gaussians.

    Args:
        header: Header of the file.
        body: The streams, concatenated, of the size that the header declares.
        remarks: What is odd in the file; impossible Gaussians are added.

    Returns:
        One scene with `sh` in the file's axes.

    Raises:
        FormatError: If impossible Gaussians are not left out.
    """
    stored, opacities, colors, logs, quats, rest = _split(header, body)
    dc = (colors / 255 - 0.5) / COLOR_SCALE
    higher = (rest.astype(np.float32) - SH_ZERO) / SH_ZERO
    return gaussians_from_arrays(
        remarks,
        means=_centers(stored, header),
        quats=decode_quats(quats, header.version),
        scales=np.exp(logs / LOG_SCALE_STEPS + LOG_SCALE_MIN),
        opacities=opacities[:, 0] / 255,
        sh=np.concatenate([dc[:, None], higher.reshape(header.count, -1, 3)], axis=1),
    )


def encode_streams(scene: Gaussians, version: Literal[2, 3, 4]) -> tuple[SpzHeader, bytes]:
    """Encode Gaussians as streams.

    Args:
        scene: One scene in the file's axes, float32, on the CPU.
        version: 2 to 4.

    Returns:
        SpzHeader and streams.

    Raises:
        FormatError: If there are no Gaussians, or one is too large or too far away.
    """
    if scene.count == 0:
        raise FormatError("an SPZ file holds at least one Gaussian, got none.")
    means = scene.means.double().numpy()
    bits = _fractional_bits(float(np.abs(means).max()))
    sh = sh_coefficients(scene).numpy()
    parts = [
        _to_fixed(means * 2**bits),
        _to_bytes(scene.opacities.numpy() * 255),
        _to_bytes((sh[:, 0] * COLOR_SCALE + 0.5) * 255),
        _log_scales(scene.scales.numpy()),
        encode_quats(scene.quats.double().numpy(), version),
        _sh_bytes(sh[:, 1:]),
    ]
    header = SpzHeader(version, scene.count, scene.sh_degree or 0, bits)
    return header, b"".join(part.tobytes() for part in parts)


def _split(header: SpzHeader, body: bytes) -> Iterator[np.ndarray]:
    place = 0
    for size in header.sizes:
        stream = np.frombuffer(body, np.uint8, header.count * size, place)
        yield stream.reshape(header.count, size)
        place += len(stream)


def _centers(stored: np.ndarray, header: SpzHeader) -> np.ndarray:
    """Decode half floats of version 1, and fixed-point numbers of the others."""
    if header.version == 1:
        return stored.view("<f2")
    return _from_fixed(stored.reshape(-1, 3, 3)) / 2**header.fractional_bits


def _from_fixed(parts: np.ndarray) -> np.ndarray:
    """Decode signed little-endian numbers of three bytes."""
    low, middle, high = (parts[..., place].astype(np.int32) for place in range(3))
    unsigned = low | middle << 8 | high << 16
    return (unsigned ^ 1 << 23) - (1 << 23)


def _to_fixed(values: np.ndarray) -> np.ndarray:
    return np.rint(values).astype("<i4")[..., None].view(np.uint8)[..., :3]


def _fractional_bits(farthest: float) -> int:
    for bits in range(FRACTIONAL_BITS, -1, -1):
        if np.rint(farthest * 2**bits) <= LARGEST_FIXED:
            return bits
    raise FormatError(
        f"an SPZ file holds centers up to {LARGEST_FIXED} units away, the farthest here is at "
        f"{farthest:.4g}; normalize the scene with a Cuboid."
    )


def _log_scales(scales: np.ndarray) -> np.ndarray:
    steps = np.rint((np.log(scales) - LOG_SCALE_MIN) * LOG_SCALE_STEPS)
    if steps.max() > 255:
        largest = np.exp(255 / LOG_SCALE_STEPS + LOG_SCALE_MIN)
        raise FormatError(
            f"an SPZ file holds scales up to {largest:.4g} units, the largest here is "
            f"{scales.max():.4g}; normalize the scene with a Cuboid."
        )
    return _to_bytes(steps)


def _sh_bytes(sh: np.ndarray) -> np.ndarray:
    """Round to 1/128 and then to the steps, as Niantic's code does; few rows at a time."""
    steps = np.where(np.arange(sh.shape[1]) < 3, *SH_STEPS)[:, None].astype(np.float32)
    stored = np.empty(sh.shape, np.uint8)
    for start in range(0, len(sh), SH_ROWS):
        fine = np.rint(sh[start : start + SH_ROWS] * SH_ZERO) + SH_ZERO
        coarse = np.floor((fine + steps / 2) / steps) * steps
        stored[start : start + SH_ROWS] = coarse.clip(0, 255)
    return stored


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)


HALF = 127.5
"""Zero point and scale of quaternions in version 2."""
BITS = 9
"""Bits of the magnitude of each of the smallest three in version 3; a tenth bit is the sign."""
LARGEST_SIZE = 2**BITS - 1
SHIFTS = np.array([20, 10, 0], np.uint32)
XYZW = [1, 2, 3, 0]
"""Indices that reorder wxyz to the file's xyzw; `WXYZ` reverses it."""
WXYZ = [3, 0, 1, 2]


def decode_quats(stored: np.ndarray, version: Literal[1, 2, 3, 4]) -> np.ndarray:
    """Decode quaternions.

    Args:
        stored: Bytes, [N, 3] up to version 2, [N, 4] from version 3 on.
        version: 1 and 2 keep x, y and z, and w is not negative; 3 and 4 keep the smallest three,
            and the largest is positive.

    Returns:
        Quaternions, wxyz, of length 1 up to rounding, [N, 4].
    """
    if version < 3:
        xyz = stored / HALF - 1
        return np.concatenate([largest_component(xyz)[:, None], xyz], axis=1)
    words = np.ascontiguousarray(stored).view("<u4")
    fields = words >> SHIFTS
    sizes = (fields & LARGEST_SIZE) / LARGEST_SIZE * np.sqrt(0.5)
    three = np.where(fields >> BITS & 1, -sizes, sizes)
    return restore_largest(three, (words[:, 0] >> 30).astype(np.intp))[:, WXYZ]


def encode_quats(quats: np.ndarray, version: Literal[2, 3, 4]) -> np.ndarray:
    """Encode quaternions.

    Args:
        quats: Quaternions, wxyz, of any nonzero length, [N, 4].
        version: 2 to 4.

    Returns:
        Bytes, [N, 3] or [N, 4].
    """
    unit = _normalized(quats)
    if version == 2:
        return _three_bytes(_normalized(decode_quats(_three_bytes(unit), version)))
    three, largest = drop_largest(unit[:, XYZW], float(LARGEST_SIZE))
    fields = (three < 0).astype(np.uint32) << BITS | np.abs(three).astype(np.uint32)
    words = (fields << SHIFTS).sum(1, dtype=np.uint32) | largest.astype(np.uint32) << 30
    return words.astype("<u4")[:, None].view(np.uint8)


def _normalized(quats: np.ndarray) -> np.ndarray:
    return quats / np.linalg.norm(quats, axis=1, keepdims=True)


def _three_bytes(unit: np.ndarray) -> np.ndarray:
    """Encode x, y and z; where w is near 0, rounding makes them longer than 1."""
    sign = np.where(unit[:, :1] < 0, -1, 1)
    return np.rint((sign * unit[:, 1:] + 1) * HALF).astype(np.uint8)
