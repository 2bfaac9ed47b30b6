"""Gaussians in glTF, by Khronos's extension KHR_gaussian_splatting."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from gaussrep import __version__
from gaussrep.errors import FormatError
from gaussrep.formats.access import reading, writing
from gaussrep.formats.format import Format
from gaussrep.formats.gltf.container import data_uri, pack_glb, unpack
from gaussrep.formats.gltf.document import EXTENSION
from gaussrep.formats.gltf.primitive import KINDS, MEANS, POINTS, PROPERTIES, attributes
from gaussrep.formats.gltf.scene import read_scene
from gaussrep.formats.half_turn import ABOUT_Z, half_turn
from gaussrep.formats.writable import writable
from gaussrep.gaussians import Gaussians

FLOAT, ARRAY_BUFFER = 5126, 34962
"""glTF's numbers for float32 and for buffers of vertices."""


class Gltf(Format):
    """One mesh of points whose attributes are float32: linear scales, opacities, SH.

    Implemented is the release candidate of KHR_gaussian_splatting, revision 63770cc of 15 April
    2026: kernel `ellipse`, color space `srgb_rec709_display`. `.glb` is one binary file; `.gltf`
    is JSON with the bytes in base64.

    Read files may keep their bytes in the file or in one beside it, use normalized integers, and
    place several primitives by nodes that move, turn and scale. Compressed primitives are refused.

    The frame of a file is x left, y up, z forward: everything is turned half about z, spherical
    harmonics too.
    """

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, float32, on the CPU.

        Raises:
            FormatError: If the file is missing or damaged, holds no Gaussians, or holds them in a
                way that is not read.
        """
        with reading(path) as file:
            return half_turn(read_scene(unpack(file.read(), path.parent)), ABOUT_Z)

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene, whole or not at all.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists; binary if it ends in `.glb`.

        Raises:
            FormatError: If there are batch axes, features, SH of degree 4, no Gaussians or more
                than 4 GiB of them, or the file cannot be written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        scene = half_turn(writable(gaussians, path, "a glTF file"), ABOUT_Z)
        if scene.count == 0:
            raise FormatError(f"{path}: a glTF file holds at least one Gaussian, got none.")
        arrays = attributes(scene)
        document = _describe(arrays)
        binary = b"".join(array.astype("<f4").tobytes() for array in arrays.values())
        if path.suffix.lower() == ".glb":
            content = pack_glb(json.dumps(document).encode(), binary)
        else:
            document["buffers"][0]["uri"] = data_uri(binary)
            content = json.dumps(document).encode()
        with writing(path) as file:
            file.write(content)


def _describe(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The JSON of a file whose one buffer holds the arrays one after the other."""
    names, sizes = list(arrays), [4 * array.size for array in arrays.values()]
    ends = np.cumsum(sizes).tolist()
    primitive = {
        "attributes": {name: place for place, name in enumerate(names)},
        "mode": POINTS,
        "extensions": {EXTENSION: PROPERTIES},
    }
    return {
        "asset": {"version": "2.0", "generator": f"gaussrep {__version__}"},
        "extensionsUsed": [EXTENSION],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "accessors": [_accessor(place, name, arrays[name]) for place, name in enumerate(names)],
        "bufferViews": [
            {"buffer": 0, "byteOffset": end - size, "byteLength": size, "target": ARRAY_BUFFER}
            for size, end in zip(sizes, ends, strict=True)
        ],
        "buffers": [{"byteLength": ends[-1]}],
    }


def _accessor(view: int, name: str, array: np.ndarray) -> dict[str, Any]:
    described = {
        "bufferView": view,
        "componentType": FLOAT,
        "count": len(array),
        "type": KINDS.get(name, "VEC3"),
    }
    if name == MEANS:
        described |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
    return described
