"""Writing of Gaussians as a layer of USD, in text."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from gaussrep import __version__
from gaussrep.formats.axes import Signs, convert_axes
from gaussrep.formats.checked_files import sh_coefficients
from gaussrep.formats.format import divide_rows
from gaussrep.formats.storage import take_rows
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
        count: Number of Gaussians, or of other rows.
        take: Computes the values of some of them: float32, [N] or [N, width]; quaternions wxyz.
        fields: Its metadata.
    """

    kind: str
    name: str
    count: int
    take: Callable[[slice], np.ndarray]
    fields: Mapping[str, int | str] = field(default_factory=dict)


def degree_of(scene: Gaussians) -> int:
    """Return the degree of a scene's SH in a file.

    Args:
        scene: One scene.

    Returns:
        The degree; 0 for plain colors.
    """
    return scene.sh_degree or 0


def header(scene: Gaussians) -> str:
    """Describe a layer up to its arrays.

    Args:
        scene: One scene.

    Returns:
        Text that `FOOTER` completes.
    """
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
    return "\n".join([*lines, "{", f"    uniform int {DEGREE} = {degree_of(scene)}", ""])


FOOTER = "}\n"


def arrays(scene: Gaussians, signs: Signs) -> Iterator[UsdArray]:
    """Yield the attributes of a scene.

    Args:
        scene: One scene, float32, on the CPU.
        signs: Signs of x, y and z in the file's axes.

    Yields:
        The attributes of `ParticleField3DGaussianSplat`.
    """

    def few(part: slice) -> Gaussians:
        return convert_axes(take_rows(scene, part), signs)

    def quats(part: slice) -> np.ndarray:
        turned = few(part).quats
        return (turned / turned.norm(dim=-1, keepdim=True)).numpy()

    bases = sh_coefficients(take_rows(scene, slice(0, 0))).shape[1]
    space = {"colorSpace": LINEAR} if scene.color_space == "linear" else {}
    fields = {**space, "elementSize": bases, "interpolation": "vertex"}
    extent, count = _extent(scene, few), scene.count
    yield UsdArray("float3[]", "extent", 2, lambda part: extent[part])
    yield UsdArray("point3f[]", "positions", count, lambda part: few(part).means.numpy())
    yield UsdArray("quatf[]", "orientations", count, quats)
    yield UsdArray("float3[]", "scales", count, lambda part: scene.scales[part].numpy())
    yield UsdArray(
        "float[]", "opacities", count, lambda part: scene.opacities[part].clamp(0, 1).numpy()
    )
    yield UsdArray(
        "float3[]",
        COEFFICIENTS,
        count,
        lambda part: sh_coefficients(few(part)).reshape(-1, 3).numpy(),
        fields,
    )


def _extent(scene: Gaussians, few: Callable[[slice], Gaussians]) -> np.ndarray:
    ends = []
    for part in divide_rows(scene.count, ROWS):
        means = few(part).means.numpy()
        reach = EXTENT * scene.scales[part].numpy().max(1, keepdims=True)
        ends.append(((means - reach).min(0), (means + reach).max(0)))
    return np.stack([np.min([low for low, _ in ends], 0), np.max([high for _, high in ends], 0)])


def write_text(file: BinaryIO, scene: Gaussians, signs: Signs) -> None:
    """Write a layer.

    Args:
        file: The file, opened for writing.
        scene: One scene, float32, on the CPU.
        signs: Signs of x, y and z in the file's axes.
    """
    file.write(header(scene).encode())
    for array in arrays(scene, signs):
        file.write(f"    {array.kind} {array.name} = [".encode())
        for part in divide_rows(array.count, ROWS):
            file.write(b", " if part.start else b"")
            file.write(_text(array.take(part)).encode())
        file.write(f"]{_metadata(array.fields)}\n".encode())
    file.write(FOOTER.encode())


def _metadata(fields: Mapping[str, int | str]) -> str:
    values = (
        f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
        for name, value in fields.items()
    )
    return f" ({'; '.join(values)})" if fields else ""


def _text(rows: np.ndarray) -> str:
    """Write rows with nine digits, which restore any float32."""
    form = "%.9g" if rows.ndim == 1 else f"({', '.join(['%.9g'] * rows.shape[1])})"
    return ", ".join([form] * len(rows)) % tuple(rows.ravel().tolist())
