"""USD's binary files and packages, `.usdc` and `.usdz`, by OpenUSD."""

import importlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.axes import Signs
from gaussrep.formats.usd_layer import ARCS, UsdLayer, UsdPrim, UsdProperty
from gaussrep.formats.usd_scene import VENDOR
from gaussrep.formats.usd_writing import FOOTER, PRIM, arrays, header
from gaussrep.gaussians import Gaussians

CRATE, ZIP = b"PXR-USDC", b"PK\x03\x04"
"""First bytes of binary files and of packages."""
SPECIFIERS = ("def", "over", "class")
XYZW_TO_WXYZ = [3, 0, 1, 2]


def _openusd() -> Any:
    try:
        return importlib.import_module("pxr")
    except ImportError as error:
        raise FormatError(
            "binary files of USD and packages need usd-core; .usda does not. "
            'pip install "gaussrep[usd]".'
        ) from error


def _module(name: str) -> Any:
    _openusd()
    return importlib.import_module(f"pxr.{name}")


def read_crate(path: Path, suffix: str) -> UsdLayer:
    """Read a layer; of a package, its first.

    Args:
        path: The file.
        suffix: `.usdc` or `.usdz`, what its content is.

    Returns:
        Its content.

    Raises:
        FormatError: If usd-core is not installed, or the file is damaged.
    """
    sdf, tf = _module("Sdf"), _module("Tf")
    try:
        layer = _open(sdf, path, suffix)
        fields = _fields(layer.pseudoRoot) | ({"subLayers": True} if layer.subLayerPaths else {})
        return UsdLayer(fields, tuple(_prim(layer, prim) for prim in layer.rootPrims))
    except (tf.ErrorException, RuntimeError, RecursionError) as error:
        raise FormatError("this is no file of USD, or it is damaged.") from error


def _open(sdf: Any, path: Path, suffix: str) -> Any:
    """Open a layer, whatever the suffix of its file."""
    if path.suffix.lower() in (suffix, ".usd"):
        layer = sdf.Layer.OpenAsAnonymous(str(path.absolute()))
    else:
        layer = None
    if layer is None:
        raise FormatError("this is no file of USD, or it is damaged.")
    return layer


def _fields(spec: Any) -> dict[str, Any]:
    fields = {name: spec.GetInfo(name) for name in ("upAxis", "metersPerUnit", "comment", "active")
              if spec.HasInfo(name)}  # fmt: skip
    names = set(spec.ListInfoKeys())
    fields |= {name: True for name in ARCS if name in names}
    if "variantSetNames" in names:
        fields["variantSets"] = True
    if "apiSchemas" in names:
        fields["apiSchemas"] = list(spec.GetInfo("apiSchemas").GetAppliedItems())
    if "customData" in names:
        fields["customData"] = {VENDOR: dict(spec.GetInfo("customData")).get(VENDOR)}
    return fields


def _prim(layer: Any, spec: Any) -> UsdPrim:
    properties = {attribute.name: _attribute(layer, attribute) for attribute in spec.attributes}
    children = tuple(_prim(layer, child) for child in spec.nameChildren)
    specifier = SPECIFIERS[spec.specifier.value]
    return UsdPrim(specifier, spec.typeName, spec.name, _fields(spec), properties, children)


def _attribute(layer: Any, spec: Any) -> UsdProperty:
    value, is_sampled = spec.default, False
    if value is None:
        times = layer.ListTimeSamplesForPath(spec.path)
        if times:
            value, is_sampled = layer.QueryTimeSample(spec.path, times[0]), True
    space = spec.GetInfo("colorSpace") if spec.HasInfo("colorSpace") else None
    fields = {} if space is None else {"colorSpace": space}
    return UsdProperty(_plain(value), fields, is_sampled)


def _plain(value: Any) -> Any:
    """Convert a value to plain numbers, text or an array of float32."""
    kind = type(value).__name__
    if kind.endswith("Array"):
        array = np.array(value)
        if array.dtype.kind not in "fiub":
            return [str(item) for item in value]
        if kind.startswith("Quat"):
            array = array[:, XYZW_TO_WXYZ]
        with np.errstate(over="ignore"):
            return array.astype(np.float32, copy=False)
    if kind.startswith("Quat"):
        return (value.GetReal(), *value.GetImaginary())
    if kind.startswith("Matrix"):
        return np.array(value)
    return tuple(value) if kind.startswith("Vec") else value


def write_crate(file: BinaryIO, scene: Gaussians, signs: Signs, suffix: str) -> None:
    """Write a binary layer, or a package of one.

    Args:
        file: The file, opened for writing.
        scene: One scene, float32, on the CPU.
        signs: Signs of x, y and z in the file's axes.
        suffix: `.usdc` or `.usdz`.

    Raises:
        FormatError: If usd-core is not installed, or it cannot write the file.
    """
    sdf, tf = _module("Sdf"), _module("Tf")
    try:
        with TemporaryDirectory() as folder:
            made = Path(folder) / "scene.usdc"
            layer = sdf.Layer.CreateAnonymous("scene.usdc")
            _fill(layer, scene, signs)
            layer.Export(str(made))
            if suffix == ".usdz":
                made = _package(made)
            with made.open("rb") as content:
                shutil.copyfileobj(content, file)
    except tf.ErrorException as error:
        raise FormatError(f"OpenUSD cannot write this file: {str(error)[:200]}.") from error


def _fill(layer: Any, scene: Gaussians, signs: Signs) -> None:
    values = {array.name: array for array in arrays(scene, signs)}
    lines = [f"    {array.kind} {array.name}{array.fields}" for array in values.values()]
    layer.ImportFromString(header(scene) + "\n".join(lines) + "\n" + FOOTER)
    vt = _module("Vt")
    kinds = {
        "point3f[]": vt.Vec3fArray, "float3[]": vt.Vec3fArray,
        "quatf[]": vt.QuatfArray, "float[]": vt.FloatArray,
    }  # fmt: skip
    for name, array in values.items():
        rows = array.take(slice(0, array.count))
        rows = rows[:, [1, 2, 3, 0]] if array.kind == "quatf[]" else rows
        rows = np.ascontiguousarray(rows, np.float32)
        layer.GetAttributeAtPath(f"/{PRIM}.{name}").default = kinds[array.kind].FromNumpy(rows)


def _package(layer: Path) -> Path:
    target = layer.with_suffix(".usdz")
    with _module("Sdf").ZipFileWriter.CreateNew(str(target)) as writer:
        writer.AddFile(str(layer), layer.name)
    return target
