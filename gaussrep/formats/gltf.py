"""glTF files with Khronos's extension KHR_gaussian_splatting, `.glb` and `.gltf`."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from gaussrep import __version__
from gaussrep.errors import FormatError
from gaussrep.formats.axes import LEFT_UP_FORWARD, convert_axes
from gaussrep.formats.checked_files import open_for_reading, open_for_writing, validate_for_export
from gaussrep.formats.config import GltfConfig
from gaussrep.formats.format import Format
from gaussrep.formats.gltf_file import EXTENSION, data_uri, pack_glb, read_container
from gaussrep.formats.gltf_scene import (
    COLOR_SPACES,
    KINDS,
    MEANS,
    POINTS,
    PROPERTIES,
    VENDOR,
    attributes,
    read_scene,
)
from gaussrep.formats.remarks import Remarks
from gaussrep.gaussians import Gaussians

FLOAT, ARRAY_BUFFER = 5126, 34962
"""glTF's numbers for float32 and for buffers of vertices."""


class Gltf(Format):
    """One mesh of points whose attributes are float32: linear scales, opacities, SH.

    It implements KHR_gaussian_splatting as Khronos published it in revision 63770cc of 15 April
    2026: kernel `ellipse`, color spaces `srgb_rec709_display` and `lin_rec709_display`, which is
    `color_space="linear"`. `.glb` is one binary file; `.gltf` is JSON with the bytes in base64.
    The mark of antialiasing is an entry of `extras`, which other programs ignore.

    Read files may have their buffers in the file or beside it, use normalized integers, and place
    several primitives by nodes that translate, rotate and scale. Compressed primitives and drafts
    of the extension are rejected. Scales of splat-transform before 2.7 are logarithms, against the
    extension; `asset.generator` names them. Properties and extensions that are ignored are logged.

    Axes of a file are x left, y up, z forward; they are converted, spherical harmonics included.

    Args:
        config: The settings.
    """

    def __init__(self, config: GltfConfig | None = None) -> None:
        self.config = config or GltfConfig()

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, float32, on the CPU.

        Raises:
            FormatError: If the file is missing or damaged, holds no Gaussians, or uses features
                of glTF that are not read.
        """
        remarks = Remarks(self.config.strict)
        with open_for_reading(path, remarks) as file:
            scene = read_scene(read_container(file.read(), path.parent), remarks)
            return convert_axes(scene, LEFT_UP_FORWARD)

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
        scene = validate_for_export(
            gaussians, path, "a glTF file", antialiased_mark="private", marks_color_space=True
        )
        scene = convert_axes(scene, LEFT_UP_FORWARD)
        if scene.count == 0:
            raise FormatError(f"{path}: a glTF file holds at least one Gaussian, got none.")
        arrays = attributes(scene)
        document = _describe(arrays, _properties(scene))
        binary = b"".join(array.astype("<f4").tobytes() for array in arrays.values())
        if path.suffix.lower() == ".glb":
            content = pack_glb(json.dumps(document).encode(), binary)
        else:
            document["buffers"][0]["uri"] = data_uri(binary)
            content = json.dumps(document).encode()
        with open_for_writing(path) as file:
            file.write(content)


def _properties(scene: Gaussians) -> dict[str, Any]:
    names = {space: name for name, space in COLOR_SPACES.items()}
    properties: dict[str, Any] = PROPERTIES | {"colorSpace": names[scene.color_space]}
    if scene.antialiased:
        properties["extras"] = {VENDOR: {"antialiased": True}}
    return properties


def _describe(arrays: dict[str, np.ndarray], properties: dict[str, Any]) -> dict[str, Any]:
    """Describe a file whose one buffer holds the arrays, concatenated, as JSON."""
    names, sizes = list(arrays), [4 * array.size for array in arrays.values()]
    ends = np.cumsum(sizes).tolist()
    primitive = {
        "attributes": {name: place for place, name in enumerate(names)},
        "mode": POINTS,
        "extensions": {EXTENSION: properties},
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
