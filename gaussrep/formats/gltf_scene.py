"""Gaussians of the scene graph of a glTF file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gaussrep import sh
from gaussrep.color_spaces import ColorSpace
from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import (
    check_decompressed_size,
    gaussians_from_arrays,
    sh_coefficients,
)
from gaussrep.formats.format import Rows, divide_rows
from gaussrep.formats.gltf_accessors import WIDTHS, find_accessor, read_accessor
from gaussrep.formats.gltf_buffers import Container
from gaussrep.formats.gltf_file import (
    EXTENSION,
    Accessor,
    Document,
    Node,
    Primitive,
    Splatting,
    item_at,
)
from gaussrep.formats.placing import common_marks, extend_degree, place
from gaussrep.formats.remarks import LEFT_OUT_FRACTION, Remarks
from gaussrep.gaussians import Gaussians
from gaussrep.quaternions import to_matrix

POINTS = 0
"""Mode of a primitive of points."""
PROPERTIES = {
    "kernel": "ellipse",
    "colorSpace": "srgb_rec709_display",
    "projection": "perspective",
    "sortingMethod": "cameraDistance",
}
"""Properties of Gaussians that are trained on ordinary images."""
COLOR_SPACES: dict[str, ColorSpace] = {
    "srgb_rec709_display": "srgb",
    "lin_rec709_display": "linear",
}
"""Color spaces of Gaussians, by that of the extension."""
VENDOR = "gaussrep"
"""Entry of `extras` with what the extension does not hold."""
MEANS, QUATS = "POSITION", f"{EXTENSION}:ROTATION"
SCALES, OPACITIES = f"{EXTENSION}:SCALE", f"{EXTENSION}:OPACITY"
KINDS = {MEANS: "VEC3", QUATS: "VEC4", SCALES: "VEC3", OPACITIES: "SCALAR"}
XYZW = [1, 2, 3, 0]
"""Indices that reorder wxyz to glTF's xyzw; `WXYZ` reverses it."""
WXYZ = [3, 0, 1, 2]


ROWS = 2**13
"""Gaussians that are decoded at a time; a design choice."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """The Gaussians of a primitive, under one node.

    Args:
        accessors: Their attributes by name.
        bases: Number of SH basis functions.
        matrix: Matrix of the node, [4, 4].
        marks: Marks of the scene.
        has_logarithms: Whether the scales are logarithms.
    """

    accessors: Mapping[str, Accessor]
    bases: int
    matrix: np.ndarray
    marks: Mapping[str, Any]
    has_logarithms: bool

    @property
    def count(self) -> int:
        """Number of Gaussians."""
        return self.accessors[MEANS].count

    @property
    def nbytes(self) -> int:
        """Memory of the decoded Gaussians."""
        return 4 * self.count * (sum(map(WIDTHS.__getitem__, KINDS.values())) + 3 * self.bases)


def _piece(
    container: Container,
    primitive: Primitive,
    splatting: Splatting,
    matrix: np.ndarray,
    remarks: Remarks,
) -> _Piece:
    """Check a primitive that has the extension."""
    _check_properties(primitive, splatting, remarks)
    bases = _count_bases(primitive)
    kinds = KINDS | dict.fromkeys(sh_names(bases), "VEC3")
    missing = [name for name in kinds if name not in primitive.attributes]
    if missing:
        raise FormatError(f"a primitive of Gaussians lacks {', '.join(missing)}.")
    accessors = {
        name: find_accessor(container, primitive.attributes[name], kind)
        for name, kind in kinds.items()
    }
    if len({accessor.count for accessor in accessors.values()}) > 1:
        raise FormatError("the attributes of a primitive differ in their number of values.")
    marks = {
        "antialiased": _is_antialiased(splatting),
        "color_space": COLOR_SPACES[str(splatting.color_space)],
    }
    return _Piece(accessors, bases, matrix, marks, _has_logarithms(container, accessors[SCALES]))


def _decode(container: Container, piece: _Piece, part: slice, remarks: Remarks) -> Gaussians:
    """Decode a part of a primitive, in the coordinates of the scene."""
    arrays = {
        name: read_accessor(container, accessor, part) for name, accessor in piece.accessors.items()
    }
    if piece.has_logarithms:
        with np.errstate(over="ignore"):
            np.exp(arrays[SCALES], out=arrays[SCALES])
    scene = gaussians_from_arrays(
        remarks,
        means=arrays[MEANS],
        quats=arrays[QUATS][:, WXYZ],
        scales=arrays[SCALES],
        opacities=arrays[OPACITIES][:, 0],
        sh=np.stack([arrays[name] for name in sh_names(piece.bases)], axis=1),
    )
    return place(scene, piece.matrix).replace(**piece.marks)


def _is_antialiased(splatting: Splatting) -> bool:
    extras = splatting.extras if isinstance(splatting.extras, dict) else {}
    private = extras.get(VENDOR)
    return isinstance(private, dict) and private.get("antialiased") is True


def attributes(scene: Gaussians) -> dict[str, np.ndarray]:
    """Compute the vertex attributes of Gaussians.

    Args:
        scene: One scene in glTF's axes, float32, on the CPU.

    Returns:
        float32, [N, width] each, by name.
    """
    unit = scene.quats / scene.quats.norm(dim=-1, keepdim=True)
    harmonics = sh_coefficients(scene).numpy()
    return {
        MEANS: scene.means.numpy(),
        QUATS: unit[:, XYZW].numpy(),
        SCALES: scene.scales.numpy(),
        OPACITIES: scene.opacities.clamp(0, 1)[:, None].numpy(),
        **{name: harmonics[:, place] for place, name in enumerate(sh_names(harmonics.shape[1]))},
    }


def sh_names(bases: int) -> list[str]:
    """Return the names of the attributes of SH, in gaussrep's order of bases.

    Args:
        bases: Number of SH basis functions: 1, 4, 9 or 16.

    Returns:
        One name per basis function.
    """
    degree = sh.degree_of(bases)
    return [
        f"{EXTENSION}:SH_DEGREE_{level}_COEF_{place}"
        for level in range(degree + 1)
        for place in range(2 * level + 1)
    ]


def _check_properties(primitive: Primitive, splatting: Splatting, remarks: Remarks) -> None:
    given = splatting.model_dump(by_alias=True, include={"kernel", "color_space", "projection"})
    known = {name: (PROPERTIES[name],) for name in given} | {"colorSpace": tuple(COLOR_SPACES)}
    unsupported = [
        f"{name} {str(value)[:40]!r}" for name, value in given.items() if value not in known[name]
    ]
    if primitive.mode != POINTS:
        unsupported.append(f"mode {primitive.mode}")
    if unsupported:
        wanted = ", ".join(value for values in known.values() for value in values)
        raise FormatError(
            f"a primitive of Gaussians has {', '.join(unsupported)}; only {wanted} and mode "
            f"{POINTS} are read."
        )
    unknown = dict(splatting.model_extra or {})
    if splatting.sorting_method not in (None, PROPERTIES["sortingMethod"]):
        unknown["sortingMethod"] = splatting.sorting_method
    for name, value in unknown.items():
        remarks.add(f"the property {name} of {EXTENSION}, {str(value)[:40]!r}, is ignored")


GENERATOR = re.compile(r"splat-transform v?(\d+)\.(\d+)\.(\d+)")
LOG_SCALES, LINEAR_SCALES = (2, 3, 1), (2, 7, 1)
"""Versions of splat-transform that write logarithms of scales to glTF, against the extension, and
scales; between the two, a negative value shows that they are logarithms."""


def _has_logarithms(container: Container, scales: Accessor) -> bool:
    """Whether the scales of a primitive are logarithms."""
    generator = container.document.asset.generator
    negative = sum(
        int((read_accessor(container, scales, part) < 0).any(1).sum())
        for part in divide_rows(scales.count, ROWS)
    )
    found = GENERATOR.match(generator)
    version = tuple(map(int, found.groups())) if found else LINEAR_SCALES
    if version <= LOG_SCALES or (version < LINEAR_SCALES and negative):
        return True
    if negative > LEFT_OUT_FRACTION * scales.count:
        raise FormatError(
            f"{negative} of {scales.count} Gaussians have a negative scale: they are "
            f"logarithms, as in drafts of {EXTENSION} up to early 2026, or damaged; write the file "
            f"again with a newer version of {generator[:40] or 'its program'}."
        )
    return False


def _count_bases(primitive: Primitive) -> int:
    found = {name for name in primitive.attributes if name.startswith(f"{EXTENSION}:SH_")}
    for bases in (1, 4, 9, 16):
        if found == set(sh_names(bases)):
            return bases
    raise FormatError(
        f"a primitive has {len(found)} attributes of spherical harmonics, expected all of degree 0 "
        "up to 0, 1, 2 or 3."
    )


SUPPORTED_EXTENSIONS = {EXTENSION, "KHR_mesh_quantization"}
"""Extensions that a file may require."""
HARMLESS = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_", "KHR_xmp_json_ld")
"""First letters of extensions that do not touch Gaussians."""
DRAFT = {"_ROTATION", "_SCALE"}
"""Attributes of the drafts of the extension of 2024 and 2025."""


def scene_rows(container: Container, remarks: Remarks) -> Rows:
    """Prepare to read the Gaussians of the default scene.

    Args:
        container: The file.
        remarks: What is odd in the file; impossible Gaussians are added.

    Returns:
        The scene, with `sh` of the highest degree that occurs, in glTF's axes.

    Raises:
        FormatError: If the file requires an unknown extension, holds no Gaussians, a node is
            reached twice, shears or flattens, or a primitive is damaged; also while parts are
            read.
    """
    document = container.document
    if unknown := set(document.extensions_required) - SUPPORTED_EXTENSIONS:
        raise FormatError(
            f"the file requires {', '.join(sorted(unknown))}, which is not read; write it again "
            "without compression, or convert it to .ply with the program that wrote it."
        )
    if others := _others(document):
        remarks.add(f"the file uses {', '.join(others)}, ignored here")
    pieces = list(_pieces(container, remarks))
    if not pieces:
        raise FormatError(f"the file holds no Gaussians: no primitive has {EXTENSION}.")
    bases = max(piece.bases for piece in pieces)
    likes = [_decode(container, piece, slice(0, 0), Remarks()) for piece in pieces]
    like = extend_degree(common_marks(likes), bases)
    chunks = (
        extend_degree(_decode(container, piece, part, remarks), bases)
        for piece in pieces
        for part in divide_rows(piece.count, ROWS)
    )
    return Rows(sum(piece.count for piece in pieces), like, chunks)


def _others(document: Document) -> list[str]:
    used = set(document.extensions_used) | {
        name for node in document.nodes for name in node.extensions
    }
    return sorted(name for name in used - SUPPORTED_EXTENSIONS if not name.startswith(HARMLESS))


def _pieces(container: Container, remarks: Remarks) -> Iterator[_Piece]:
    """Yield the primitives of every node that hold Gaussians."""
    document, total = container.document, 0
    size = sum(buffer.size for buffer in container.buffers)
    for node, matrix in _nodes(document):
        if node.mesh is None:
            continue
        for primitive in item_at(document.meshes, node.mesh, "mesh").primitives:
            splatting = _find_splatting(primitive, remarks)
            if splatting is None:
                continue
            piece = _piece(container, primitive, splatting, matrix, remarks)
            total += piece.nbytes
            check_decompressed_size(size, total)
            yield piece


def _find_splatting(primitive: Primitive, remarks: Remarks) -> Splatting | None:
    """Return the extension's properties; None for other primitives."""
    splatting = primitive.extensions.splatting
    if primitive.attributes.keys() >= DRAFT:
        raise FormatError(
            f"a primitive has the attributes {', '.join(sorted(DRAFT))} of a draft of {EXTENSION}, "
            "which programs filled differently; write the file again from its source, for example "
            "with splat-transform 2.7 or later."
        )
    if splatting is None and QUATS in primitive.attributes:
        remarks.add(
            f"the object {EXTENSION} of a primitive is missing, as gltf-transform drops it; kernel "
            f"{PROPERTIES['kernel']} and color space {PROPERTIES['colorSpace']} were assumed"
        )
        return Splatting.model_validate(PROPERTIES)
    return splatting


def _nodes(document: Document) -> Iterator[tuple[Node, np.ndarray]]:
    """Yield every node of the default scene with its global matrix."""
    roots = item_at(document.scenes, document.scene, "scene").nodes
    waiting, seen = [(index, np.eye(4)) for index in reversed(roots)], set()
    while waiting:
        index, above = waiting.pop()
        if index in seen:
            raise FormatError(f"node {index} is reached twice; a scene is a tree.")
        seen.add(index)
        node = item_at(document.nodes, index, "node")
        with np.errstate(over="ignore", invalid="ignore"):
            matrix = above @ _matrix(node)
        yield node, matrix
        waiting += [(child, matrix) for child in reversed(node.children)]


def _matrix(node: Node) -> np.ndarray:
    if node.matrix is not None:
        return np.array(node.matrix).reshape(4, 4).T
    x, y, z, w = node.rotation
    matrix = np.eye(4)
    turn = to_matrix(torch.tensor([w, x, y, z], dtype=torch.float64)).numpy()
    matrix[:3, :3] = turn * node.scale
    matrix[:3, 3] = node.translation
    return matrix
