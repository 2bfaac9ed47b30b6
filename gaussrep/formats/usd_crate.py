"""Reading of USD's binary files and packages, `.usdc` and `.usdz`, by OpenUSD."""

import importlib
import os
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import check_decompressed_size
from gaussrep.formats.format import divide_rows
from gaussrep.formats.usd_layer import ARCS, UsdLayer, UsdPrim, UsdProperty
from gaussrep.formats.usd_scene import ARRAYS, HALF, ORDER, VENDOR

ZIP = b"PK\x03\x04"
"""First bytes of packages."""
SPECIFIERS = ("def", "over", "class")
XYZW_TO_WXYZ = [3, 0, 1, 2]
DAMAGED = "this is no file of USD, or it is damaged."
ROWS = 2**16
"""Rows of an array that are read at a time; a design choice."""
MAPS = Path("/proc/self/maps")
"""Where Linux lists the files that are mapped into the memory of this process."""
MAP = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ (\d+)")
"""Start, end, offset in the file and inode of an entry of that list."""


def _openusd() -> Any:
    try:
        return importlib.import_module("pxr")
    except ImportError as error:
        raise FormatError(
            "reading binary files of USD and packages needs usd-core; .usda does not. "
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
        with path.open("rb") as file:
            layer = _open(sdf, path, suffix)
            fields = _fields(layer.pseudoRoot)
            fields |= {"subLayers": True} if layer.subLayerPaths else {}
            return UsdLayer(fields, tuple(_prim(layer, prim, file) for prim in layer.rootPrims))
    except (tf.ErrorException, RuntimeError, RecursionError, ValueError) as error:
        raise FormatError(DAMAGED) from error


def _open(sdf: Any, path: Path, suffix: str) -> Any:
    """Open a layer, whatever the suffix of its file."""
    if path.suffix.lower() in (suffix, ".usd"):
        layer = sdf.Layer.OpenAsAnonymous(str(path.absolute()))
    else:
        layer = None
    if layer is None:
        raise FormatError(DAMAGED)
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


def _prim(layer: Any, spec: Any, file: BinaryIO) -> UsdPrim:
    properties = {
        attribute.name: _attribute(layer, attribute, file) for attribute in spec.attributes
    }
    children = tuple(_prim(layer, child, file) for child in spec.nameChildren)
    specifier = SPECIFIERS[spec.specifier.value]
    return UsdPrim(specifier, spec.typeName, spec.name, _fields(spec), properties, children)


def _attribute(layer: Any, spec: Any, file: BinaryIO) -> UsdProperty:
    if spec.typeName.isArray and spec.name.removesuffix(HALF) not in (*ARRAYS, ORDER):
        return UsdProperty()
    value, is_sampled = spec.default, False
    if value is None:
        times = layer.ListTimeSamplesForPath(spec.path)
        if times:
            value, is_sampled = layer.QueryTimeSample(spec.path, times[0]), True
    space = spec.GetInfo("colorSpace") if spec.HasInfo("colorSpace") else None
    fields = {} if space is None else {"colorSpace": space}
    return UsdProperty(_plain(value, file), fields, is_sampled)


def _plain(value: Any, file: BinaryIO) -> Any:
    """Convert a value to plain numbers, text or an array of float32."""
    kind = type(value).__name__
    if kind.endswith("Array"):
        if kind in ("TokenArray", "StringArray", "AssetPathArray"):
            return [str(item) for item in value]
        return _numbers(np.asarray(value), file, is_xyzw=kind.startswith("Quat"))
    if kind.startswith("Quat"):
        return (value.GetReal(), *value.GetImaginary())
    if kind.startswith("Matrix"):
        return np.array(value)
    return tuple(value) if kind.startswith("Vec") else value


def _numbers(view: np.ndarray, file: BinaryIO, *, is_xyzw: bool) -> np.ndarray:
    """Copy an array of OpenUSD, few rows at a time.

    Most are views of the mapped file, whose pages count as memory once they are touched: where the
    system tells their place, they are read from the file.
    """
    place = _place_in_file(view, file)
    check_decompressed_size(os.fstat(file.fileno()).st_size, view.nbytes)
    numbers = np.empty(view.shape, np.float32)
    for part in divide_rows(len(view), ROWS):
        rows = view[part]
        if place is not None:
            content = os.pread(file.fileno(), rows.nbytes, place + part.start * view.strides[0])
            rows = np.frombuffer(content, view.dtype).reshape(rows.shape)
        with np.errstate(over="ignore"):
            numbers[part] = rows[:, XYZW_TO_WXYZ] if is_xyzw else rows
    return numbers


def _place_in_file(view: np.ndarray, file: BinaryIO) -> int | None:
    """Find where a view of a mapped file begins in it; None where it is not known to be one."""
    inode = os.fstat(file.fileno()).st_ino
    start = view.__array_interface__["data"][0]
    for line in MAPS.read_text().splitlines() if MAPS.exists() else ():
        if found := MAP.match(line):
            first, end, offset = (int(text, 16) for text in found.groups()[:3])
            if first <= start < end and int(found[4]) == inode:
                if start + view.nbytes > end:
                    raise FormatError(DAMAGED)
                return offset + start - first
    return None
