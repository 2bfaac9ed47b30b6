"""The numbers in an SPZ file: one stream of bytes per property, centers first."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.appearance import coefficients
from gaussrep.formats.decoded import decoded
from gaussrep.formats.spz import quaternions
from gaussrep.formats.spz.container import Header
from gaussrep.gaussians import Gaussians

FRACTIONAL_BITS = 12
"""Niantic's: centers in steps of 1/4096; a scene that reaches beyond 2048 gets coarser ones."""
LARGEST_FIXED = 2**23 - 1
LOG_SCALE_MIN, LOG_SCALE_STEPS = -10.0, 16
"""Logarithms of scales, from -10 in steps of 1/16."""
COLOR_SCALE = 0.15
"""Of SH of degree 0, which is stored around 1/2."""
SH_ZERO = 128
SH_STEPS = (8, 16)
"""Steps of SH in 1/128, of degree 1 and above: Niantic's 5 and 4 bits, which pack well."""


def decode(header: Header, body: bytes) -> Gaussians:
    """Gaussians from streams.

    Args:
        header: What they hold.
        body: The streams, of just the size that the header says.

    Returns:
        One scene with `sh` in the file's frame.

    Raises:
        FormatError: If a value is one that no Gaussian can have.
    """
    fixed, opacities, colors, logs, quats, rest = _split(header, body)
    dc = (colors / 255 - 0.5) / COLOR_SCALE
    higher = (rest.astype(np.float32) - SH_ZERO) / SH_ZERO
    return decoded(
        means=_from_fixed(fixed.reshape(-1, 3, 3)) / 2**header.fractional_bits,
        quats=quaternions.decode(quats, header.version),
        scales=np.exp(logs / LOG_SCALE_STEPS + LOG_SCALE_MIN),
        opacities=opacities[:, 0] / 255,
        sh=np.concatenate([dc[:, None], higher.reshape(header.count, -1, 3)], axis=1),
    )


def encode(scene: Gaussians, version: Literal[2, 3]) -> tuple[Header, bytes]:
    """Streams of Gaussians.

    Args:
        scene: One scene in the file's frame, float32, on the CPU.
        version: 2 or 3.

    Returns:
        Header and streams.

    Raises:
        FormatError: If there are no Gaussians, or one is too large or too far away.
    """
    if scene.count == 0:
        raise FormatError("an SPZ file holds at least one Gaussian, got none.")
    means = scene.means.double().numpy()
    bits = _fractional_bits(float(np.abs(means).max()))
    sh = coefficients(scene).numpy()
    parts = [
        _to_fixed(means * 2**bits),
        _to_bytes(scene.opacities.numpy() * 255),
        _to_bytes((sh[:, 0] * COLOR_SCALE + 0.5) * 255),
        _log_scales(scene.scales.numpy()),
        quaternions.encode(scene.quats.double().numpy(), version),
        _sh_bytes(sh[:, 1:]),
    ]
    header = Header(version, scene.count, scene.sh_degree or 0, bits)
    return header, b"".join(part.tobytes() for part in parts)


def _split(header: Header, body: bytes) -> Iterator[np.ndarray]:
    place = 0
    for size in header.sizes:
        stream = np.frombuffer(body, np.uint8, header.count * size, place)
        yield stream.reshape(header.count, size)
        place += len(stream)


def _from_fixed(parts: np.ndarray) -> np.ndarray:
    """Signed numbers of three bytes, the lowest first."""
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
    """Rounded to 1/128 first and to the steps then, as Niantic does it."""
    steps = np.where(np.arange(sh.shape[1]) < 3, *SH_STEPS)[:, None]
    fine = np.rint(sh * SH_ZERO) + SH_ZERO
    return _to_bytes((fine + steps // 2) // steps * steps)


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)
