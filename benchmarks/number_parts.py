"""Digests of arrays, files and tables, with enough of their values to measure a difference."""

import base64
import csv
import math
import zlib
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

Part = dict[str, Any]
Parts = dict[str, Part]

KEPT = 24_576
"""Most numbers of an array that are written down beside its digest."""
TIMING = ("per_second", "seconds")
"""How columns end that no two runs have in common."""


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def array_part(array: np.ndarray) -> Part:
    """The digest of an array's type, shape and bytes, and evenly spaced values of it."""
    array = np.ascontiguousarray(array)
    head = f"{array.dtype.str} {array.shape} ".encode()
    kept = array.ravel()[:: max(1, math.ceil(array.size / KEPT))]
    packed = base64.b64encode(zlib.compress(kept.tobytes(), 1)).decode()
    values = {"type": array.dtype.str, "packed": packed}
    return {"digest": digest(head + array.tobytes()), "size": array.size, "values": values}


def bytes_part(content: bytes) -> Part:
    return {"digest": digest(content), "size": len(content)}


def column_part(cells: Sequence[str]) -> Part:
    """The digest of a column as it is written; empty cells are NaN among the values."""
    numbers = array_part(np.array([float(cell or "nan") for cell in cells]))
    return numbers | {"digest": digest("\n".join(cells).encode())}


def table_parts(text: str) -> Parts:
    """One part per column of a `metrics.csv`, timings left out."""
    names, *rows = csv.reader(text.splitlines())
    columns = zip(names, zip(*rows, strict=True), strict=True)
    kept = [(name, cells) for name, cells in columns if not name.endswith(TIMING)]
    return {f"column {name}": column_part(cells) for name, cells in kept}


def folder_parts(folder: Path) -> Parts:
    """One part per file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): bytes_part(path.read_bytes()) for path in files}


def unpack(values: Mapping[str, str]) -> np.ndarray:
    """The kept values of a part, as float64."""
    content = zlib.decompress(base64.b64decode(values["packed"]))
    return np.frombuffer(content, values["type"]).astype(np.float64)
