"""Writing of Gaussians as a layer of USD, in text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from gaussrep import __version__
from gaussrep.formats.checked_files import sh_coefficients
from gaussrep.formats.usd_scene import COEFFICIENTS, DEGREE, LINEAR, SPLATS, VENDOR
from gaussrep.gaussians import Gaussians

PRIM = "Gaussians"
"""Name of the one prim."""
ROWS = 2**13
"""Rows that are written at a time; a design choice."""
EXTENT = 3.0
"""Standard deviations that the bounds hold, the kernel's cut-off by the schema's text."""


@dataclass(frozen=True, slots=True)
class UsdArray:
    """An attribute to write.

    Args:
        kind: Its type, `point3f[]`.
        name: Its name.
        rows: float32, [N] or [N, width]; quaternions wxyz.
        fields: Its metadata, in the form of text.
    """

    kind: str
    name: str
    rows: np.ndarray
    fields: str = ""


def header(scene: Gaussians) -> str:
    """Describe a layer up to its arrays.

    Args:
        scene: One scene.

    Returns:
        Text that `footer` completes.
    """
    degree = 0 if scene.sh_degree is None else scene.sh_degree
    lines = [
        "#usda 1.0",
        "(",
        f'    customLayerData = {{ string creator = "gaussrep {__version__}" }}',
        f'    defaultPrim = "{PRIM}"',
        "    metersPerUnit = 1",
        '    upAxis = "Y"',
        ")",
        "",
        f'def {SPLATS} "{PRIM}"',
    ]
    if scene.antialiased:
        lines += [
            "(",
            f"    customData = {{ dictionary {VENDOR} = {{ bool antialiased = true }} }}",
            ")",
        ]
    return "\n".join([*lines, "{", f"    uniform int {DEGREE} = {degree}", ""])


FOOTER = "}\n"


def arrays(scene: Gaussians) -> Iterator[UsdArray]:
    """Yield the attributes of a scene.

    Args:
        scene: One scene in the file's axes, float32, on the CPU.

    Yields:
        The attributes of `ParticleField3DGaussianSplat`.
    """
    means = scene.means.numpy()
    reach = EXTENT * scene.scales.numpy().max(1, keepdims=True)
    quats = scene.quats / scene.quats.norm(dim=-1, keepdim=True)
    harmonics = sh_coefficients(scene).numpy()
    extent = np.stack([(means - reach).min(0), (means + reach).max(0)])
    yield UsdArray("float3[]", "extent", extent)
    yield UsdArray("point3f[]", "positions", means)
    yield UsdArray("quatf[]", "orientations", quats.numpy())
    yield UsdArray("float3[]", "scales", scene.scales.numpy())
    yield UsdArray("float[]", "opacities", scene.opacities.clamp(0, 1).numpy())
    space = f'colorSpace = "{LINEAR}"; ' if scene.color_space == "linear" else ""
    fields = f' ({space}elementSize = {harmonics.shape[1]}; interpolation = "vertex")'
    yield UsdArray("float3[]", COEFFICIENTS, harmonics.reshape(-1, 3), fields)


def write_text(file: BinaryIO, scene: Gaussians) -> None:
    """Write a layer.

    Args:
        file: The file, opened for writing.
        scene: One scene in the file's axes, float32, on the CPU.
    """
    file.write(header(scene).encode())
    for array in arrays(scene):
        file.write(f"    {array.kind} {array.name} = [".encode())
        for start in range(0, len(array.rows), ROWS):
            file.write(b", " if start else b"")
            file.write(_text(array.rows[start : start + ROWS]).encode())
        file.write(f"]{array.fields}\n".encode())
    file.write(FOOTER.encode())


def _text(rows: np.ndarray) -> str:
    """Write rows with nine digits, which restore any float32."""
    form = "%.9g" if rows.ndim == 1 else f"({', '.join(['%.9g'] * rows.shape[1])})"
    return ", ".join([form] * len(rows)) % tuple(rows.ravel().tolist())
