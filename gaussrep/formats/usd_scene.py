"""Gaussians of the scene graph of a layer of USD."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from gaussrep.color_spaces import ColorSpace
from gaussrep.errors import FormatError
from gaussrep.formats.axes import RIGHT_UP_BACK, turn_axes
from gaussrep.formats.checked_files import check_decompressed_size, gaussians_from_arrays
from gaussrep.formats.placing import join, place
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.usd_layer import UsdLayer, UsdPrim
from gaussrep.gaussians import Gaussians
from gaussrep.quaternions import to_matrix

SPLATS = "ParticleField3DGaussianSplat"
"""Type of the prims of Gaussians, of OpenUSD 26.03 and later."""
FIELD = "ParticleField"
ELLIPSOID, SURFLET = (
    "ParticleFieldKernelGaussianEllipsoidAPI",
    "ParticleFieldKernelGaussianSurfletAPI",
)
"""Kernels: Gaussians, and flat ones in the plane of their own x and y."""
DEGREE = "radiance:sphericalHarmonicsDegree"
COEFFICIENTS = "radiance:sphericalHarmonicsCoefficients"
ARRAYS = ("positions", "orientations", "scales", "opacities", COEFFICIENTS)
"""Attributes of Gaussians that are read."""
VISIBILITY, HINT = "visibility", "projectionModeHint"
RESET, INVERSE, OPERATION = "!resetXformStack!", "!invert!", "xformOp:"
ORDER = "xformOpOrder"
"""Attribute with the names of a prim's transforms."""
SINGLES = (DEGREE, VISIBILITY, HINT, ORDER)
"""Other attributes that are read."""
DEFAULT_DEGREE, MAX_DEGREE = 3, 4
HALF = "h"
"""Suffix of attributes in half floats, which count if those in float32 are missing."""
LINEAR = "lin_rec709_scene"
"""Color space of coefficients of linear colors."""
VENDOR = "gaussrep"
"""Entry of `customData` with what the schema does not hold."""
Z_UP = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
"""Matrix from right, forward, up to right, down, forward."""
KEEPS_AXES = "usd-convert-gsplat"
"""Program that writes the axes of its source and names them right, up, back."""
Place = tuple[UsdPrim, np.ndarray]


def is_read(name: str) -> bool:
    """Return whether an attribute counts for Gaussians.

    Args:
        name: Its name.

    Returns:
        Whether it is one of Gaussians, of their place, or of whether they are seen.
    """
    return name.removesuffix(HALF) in ARRAYS or name in SINGLES or name.startswith(OPERATION)


def read_scene(layer: UsdLayer, axes: str, remarks: Remarks) -> Gaussians:
    """Collect the Gaussians of a layer.

    Args:
        layer: The layer.
        axes: `auto` and `usd` for the axes that the layer names, `ply` for right, down, forward.
        remarks: What is odd in the file; impossible Gaussians are added.

    Returns:
        One scene with `sh` of the highest degree that occurs, in gaussrep's axes.

    Raises:
        FormatError: If no prim holds Gaussians, or one is damaged, shears or flattens.
    """
    up = str(layer.fields.get("upAxis", "Y")).upper()
    base = Z_UP if up == "Z" and axes != "ply" else np.eye(4)
    parts, total, size = [], 0, 0
    for prim, matrix in _splats(layer, remarks):
        part = _gaussians(prim, remarks)
        size = max(size, sum(tensor.nbytes for _, tensor in part.tensors()))
        total += sum(tensor.nbytes for _, tensor in part.tensors())
        check_decompressed_size(size, total)
        marks = {"antialiased": _is_antialiased(prim), "color_space": _color_space(prim)}
        parts.append(place(part, base @ matrix).replace(**marks))
    _remark_layer(layer, axes, remarks)
    if not parts:
        raise FormatError(f"the file holds no Gaussians: no prim is a {SPLATS}{_hint(layer)}.")
    scene = join(parts)
    if axes != "ply" and up != "Z":
        turn_axes(dict(scene.tensors()), RIGHT_UP_BACK)
    return scene


def _hint(layer: UsdLayer) -> str:
    arcs = layer.arcs()
    return f" of its own; its {' and '.join(arcs)} are not followed" if arcs else ""


def _remark_layer(layer: UsdLayer, axes: str, remarks: Remarks) -> None:
    if arcs := layer.arcs():
        remarks.add(f"its {' and '.join(arcs)} are not followed")
    unit = layer.fields.get("metersPerUnit", 1)
    if unit != 1:
        remarks.add(f"its unit of {unit} meters is not applied; Gaussians keep its numbers")
    if axes == "auto" and KEEPS_AXES in str(layer.fields.get("comment", "")):
        remarks.add(
            f"{KEEPS_AXES} keeps the axes of its source unless a rotation is requested; if the "
            "scene is upside down, load it with axes=ply"
        )


def _splats(layer: UsdLayer, remarks: Remarks) -> Iterator[Place]:
    """Yield every visible prim of Gaussians, with its matrix to the layer's coordinates."""
    waiting: list[Place] = [(prim, np.eye(4)) for prim in reversed(layer.prims)]
    while waiting:
        prim, above = waiting.pop()
        if prim.specifier != "def" or prim.fields.get("active", True) in (False, 0.0):
            continue
        if prim.value(VISIBILITY) == "invisible":
            remarks.add("prims that are invisible are left out")
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            local, is_reset = _local_matrix(prim)
            matrix = local if is_reset else above @ local
        if prim.kind == SPLATS or (prim.kind == FIELD and _kernels(prim)):
            yield prim, matrix
        waiting += [(child, matrix) for child in reversed(prim.children)]


def _kernels(prim: UsdPrim) -> set[str]:
    return {ELLIPSOID, SURFLET} & set(_names(prim.fields.get("apiSchemas")))


def _names(value: Any) -> list[str]:
    return [str(name) for name in (value if isinstance(value, list) else [value])]


def _is_antialiased(prim: UsdPrim) -> bool:
    data = prim.fields.get("customData")
    own = data.get(VENDOR) if isinstance(data, dict) else None
    return isinstance(own, dict) and bool(own.get("antialiased"))


def _color_space(prim: UsdPrim) -> ColorSpace:
    found = prim.properties.get(COEFFICIENTS) or prim.properties.get(COEFFICIENTS + HALF)
    space = "" if found is None else str(found.fields.get("colorSpace", ""))
    return "linear" if space.startswith(LINEAR[:4]) else "srgb"


def _gaussians(prim: UsdPrim, remarks: Remarks) -> Gaussians:
    means = _array(prim, "positions", 3, None, remarks)
    if means is None or not len(means):
        raise FormatError(f"its prim {prim.name[:40]!r} has no positions.")
    count = len(means)
    quats = _array(prim, "orientations", 4, count, remarks)
    scales = _array(prim, "scales", 3, count, remarks)
    opacities = _array(prim, "opacities", 1, count, remarks)
    if scales is None:
        scales = np.ones((count, 3), np.float32)
    if SURFLET in _kernels(prim):
        scales = scales * np.array([1, 1, 0], np.float32)
    _remark_hints(prim, remarks)
    return gaussians_from_arrays(
        remarks,
        means=means,
        quats=np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)) if quats is None else quats,
        scales=scales,
        opacities=np.ones(count, np.float32) if opacities is None else opacities,
        sh=_harmonics(prim, count, remarks),
    )


def _array(
    prim: UsdPrim, name: str, width: int, count: int | None, remarks: Remarks
) -> np.ndarray | None:
    """Return an attribute's rows, cut to the number of Gaussians; None if it is too short."""
    found = prim.properties.get(name)
    if found is None or found.value is None:
        found = prim.properties.get(name + HALF)
    if found is None or found.value is None:
        return None
    shape = () if width == 1 else (width,)
    if not isinstance(found.value, np.ndarray) or found.value.shape[1:] != shape:
        raise FormatError(f"its attribute {name} is not an array of {width} numbers each.")
    if found.is_sampled:
        remarks.add(f"its attribute {name} changes in time; the first sample is read")
    if count is not None and len(found.value) < count:
        remarks.add(
            f"its attribute {name} has {len(found.value)} values for {count} Gaussians and is "
            "ignored, as the schema demands"
        )
        return None
    return found.value[:count]


def _harmonics(prim: UsdPrim, count: int, remarks: Remarks) -> np.ndarray:
    """Return the SH; gray if the prim has none."""
    degree = prim.value(DEGREE)
    degree = DEFAULT_DEGREE if degree is None else degree
    if degree not in range(MAX_DEGREE + 1):
        raise FormatError(f"its SH have degree {str(degree)[:20]}, expected 0 to {MAX_DEGREE}.")
    bases = (int(degree) + 1) ** 2
    flat = _array(prim, COEFFICIENTS, 3, count * bases, remarks)
    if flat is None:
        return np.zeros((count, 1, 3), np.float32)
    return flat.reshape(count, bases, 3)


def _remark_hints(prim: UsdPrim, remarks: Remarks) -> None:
    hint = prim.value(HINT)
    if hint not in (None, "perspective"):
        remarks.add(f"its projectionModeHint {str(hint)[:40]!r} is not applied")


def _local_matrix(prim: UsdPrim) -> tuple[np.ndarray, bool]:
    """Compute the matrix of a prim's transform, and whether it ignores those above it."""
    matrix, is_reset = np.eye(4), False
    for text in _names(prim.value(ORDER) or []):
        if text == RESET:
            matrix, is_reset = np.eye(4), True
            continue
        name = text.removeprefix(INVERSE)
        step = _operation(prim, name)
        matrix = matrix @ (np.linalg.inv(step) if name != text else step)
    return matrix, is_reset


def _operation(prim: UsdPrim, name: str) -> np.ndarray:
    kind = name.removeprefix(OPERATION).partition(":")[0]
    value = prim.value(name)
    try:
        numbers = np.asarray(value, np.float64)
        return _operation_matrix(kind, numbers)
    except (TypeError, ValueError, KeyError, IndexError, np.linalg.LinAlgError) as error:
        raise FormatError(
            f"its transform {name[:60]!r} is unknown, or its value is damaged."
        ) from error


def _operation_matrix(kind: str, numbers: np.ndarray) -> np.ndarray:
    matrix = np.eye(4)
    if kind == "transform":
        return numbers.reshape(4, 4).T
    if kind == "orient":
        matrix[:3, :3] = to_matrix(torch.from_numpy(numbers.reshape(4))).numpy()
    elif kind.startswith("rotate"):
        turns = kind.removeprefix("rotate")
        angles = numbers.reshape(len(turns))
        for axis, degrees in zip(
            turns, angles if len(turns) == 1 else _by_axis(turns, angles), strict=True
        ):
            matrix = _turn(axis, degrees) @ matrix
    elif kind.startswith("translate"):
        matrix[_axes(kind, "translate"), 3] = numbers.reshape(-1)
    elif kind.startswith("scale"):
        rows = _axes(kind, "scale")
        matrix[rows, rows] = numbers.reshape(-1)
    else:
        raise KeyError(kind)
    return matrix


def _axes(kind: str, operation: str) -> list[int]:
    return ["XYZ".index(axis) for axis in kind.removeprefix(operation) or "XYZ"]


def _by_axis(turns: str, angles: np.ndarray) -> list[float]:
    """Angles are given about x, y and z, whatever the order of the turns."""
    return [float(angles["XYZ".index(axis)]) for axis in turns]


def _turn(axis: str, degrees: float) -> np.ndarray:
    first, second = {"X": (1, 2), "Y": (2, 0), "Z": (0, 1)}[axis]
    sine, cosine = np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))
    matrix = np.eye(4)
    matrix[[first, second], [first, second]] = cosine
    matrix[second, first], matrix[first, second] = sine, -sine
    return matrix
