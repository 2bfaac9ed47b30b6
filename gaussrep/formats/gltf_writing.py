"""Writing of Gaussians as the one mesh of a glTF file."""

import base64
import json
import shutil
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np
import torch

from gaussrep import __version__
from gaussrep.errors import FormatError
from gaussrep.formats.axes import LEFT_UP_FORWARD, convert_axes
from gaussrep.formats.format import divide_rows
from gaussrep.formats.gltf_accessors import WIDTHS
from gaussrep.formats.gltf_buffers import BIN, CHUNK, DATA_URI, GLB, JSON, MAGIC
from gaussrep.formats.gltf_file import EXTENSION
from gaussrep.formats.gltf_scene import (
    COLOR_SPACES,
    KINDS,
    MEANS,
    POINTS,
    PROPERTIES,
    VENDOR,
    attributes,
)
from gaussrep.formats.storage import take_rows
from gaussrep.gaussians import Gaussians

FLOAT, ARRAY_BUFFER = 5126, 34962
"""glTF's numbers for float32 and for buffers of vertices."""
MAX_LENGTH = 2**32 - 1
"""Largest length of a binary file in bytes."""
ROWS = 2**13
"""Gaussians whose attributes are computed at a time; a design choice."""
BLOCK = 3 * 2**18
"""Bytes that become base64 at a time, a multiple of three; a design choice."""


class GltfAttributes:
    """The attributes of a file that is written, in temporary files.

    Args:
        like: A scene of the same fields and marks.
        folder: Where the temporary files are.
    """

    def __init__(self, like: Gaussians, folder: Path) -> None:
        self.count = 0
        self._like, self._folder, self._stack = like, folder, ExitStack()
        self._files: dict[str, BinaryIO] = {}
        self._low, self._high = torch.full((3,), np.inf), torch.full((3,), -np.inf)

    def __enter__(self) -> "GltfAttributes":
        for name in attributes(take_rows(self._like, slice(0, 0))):
            self._files[name] = self._stack.enter_context(TemporaryFile(dir=self._folder))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, part: Gaussians) -> None:
        """Add Gaussians.

        Args:
            part: Gaussians of any number, float32, on the CPU, in gaussrep's axes.
        """
        for rows in divide_rows(part.count, ROWS):
            few = convert_axes(take_rows(part, rows), LEFT_UP_FORWARD)
            self._low = torch.minimum(self._low, few.means.amin(0))
            self._high = torch.maximum(self._high, few.means.amax(0))
            self.count += few.count
            for name, array in attributes(few).items():
                self._files[name].write(np.ascontiguousarray(array, "<f4").data)

    def write(self, file: BinaryIO, is_binary: bool) -> None:
        """Write the file, when all Gaussians were added.

        Args:
            file: The file, opened for writing.
            is_binary: Whether it is binary; otherwise JSON.

        Raises:
            FormatError: If there are no Gaussians, or more than a binary file holds.
        """
        if self.count == 0:
            raise FormatError("a glTF file holds at least one Gaussian, got none.")
        document = self._describe()
        if is_binary:
            self._write_binary(file, json.dumps(document).encode())
            return
        document["buffers"][0]["uri"] = uri = f"{DATA_URI}application/octet-stream;base64,"
        before, after = json.dumps(document).encode().split(uri.encode())
        file.write(before + uri.encode())
        self._write_base64(file)
        file.write(after)

    def _write_binary(self, file: BinaryIO, text: bytes) -> None:
        text += b" " * (-len(text) % 4)
        size = sum(stream.tell() for stream in self._files.values())
        length = GLB.size + 2 * CHUNK.size + len(text) + size
        if length > MAX_LENGTH:
            raise FormatError(
                f"a .glb file holds at most {MAX_LENGTH} bytes, these Gaussians {length}."
            )
        file.write(GLB.pack(MAGIC, 2, length))
        file.write(CHUNK.pack(len(text), JSON) + text + CHUNK.pack(size, BIN))
        for stream in self._files.values():
            stream.seek(0)
            shutil.copyfileobj(stream, file, BLOCK)

    def _write_base64(self, file: BinaryIO) -> None:
        rest = b""
        for stream in self._files.values():
            stream.seek(0)
            while block := stream.read(BLOCK):
                block = rest + block
                whole = len(block) // 3 * 3
                file.write(base64.b64encode(block[:whole]))
                rest = block[whole:]
        file.write(base64.b64encode(rest))

    def _describe(self) -> dict[str, Any]:
        """Describe a file whose one buffer holds the attributes, concatenated, as JSON."""
        kinds = {name: KINDS.get(name, "VEC3") for name in self._files}
        sizes = [4 * WIDTHS[kind] * self.count for kind in kinds.values()]
        ends = np.cumsum(sizes).tolist()
        primitive = {
            "attributes": {name: place for place, name in enumerate(kinds)},
            "mode": POINTS,
            "extensions": {EXTENSION: self._properties()},
        }
        return {
            "asset": {"version": "2.0", "generator": f"gaussrep {__version__}"},
            "extensionsUsed": [EXTENSION],
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": [primitive]}],
            "accessors": [self._accessor(place, *item) for place, item in enumerate(kinds.items())],
            "bufferViews": [
                {"buffer": 0, "byteOffset": end - size, "byteLength": size, "target": ARRAY_BUFFER}
                for size, end in zip(sizes, ends, strict=True)
            ],
            "buffers": [{"byteLength": ends[-1]}],
        }

    def _accessor(self, view: int, name: str, kind: str) -> dict[str, Any]:
        described = {
            "bufferView": view,
            "componentType": FLOAT,
            "count": self.count,
            "type": kind,
        }
        if name == MEANS:
            described |= {"min": self._low.tolist(), "max": self._high.tolist()}
        return described

    def _properties(self) -> dict[str, Any]:
        names = {space: name for name, space in COLOR_SPACES.items()}
        properties: dict[str, Any] = PROPERTIES | {"colorSpace": names[self._like.color_space]}
        if self._like.antialiased:
            properties["extras"] = {VENDOR: {"antialiased": True}}
        return properties
