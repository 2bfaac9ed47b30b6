"""Meshes of raw ScanNet scenes."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from gaussrep.data.unreadable import UnreadableSceneError
from gaussrep.errors import FormatError
from gaussrep.formats.ply_elements import PlyHeader, read_header, read_vertices
from gaussrep.runtime.plain_files import require_plain

FACE = np.dtype([("corners", "u1"), ("vertices", "<i4", 3)])
"""How ScanNet's meshes store a face: a count, always 3, and three vertices."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Colored triangles.

    Args:
        points: Positions of the vertices in meters.
        colors: Their colors.
        triangles: Three vertices each.
    """

    points: Float32[np.ndarray, "p 3"]
    colors: UInt8[np.ndarray, "p 3"]
    triangles: Int64[np.ndarray, "t 3"]


def read_mesh(path: Path) -> Mesh:
    """Read `<scene>_vh_clean_2.ply`.

    Args:
        path: A binary little-endian PLY file of colored vertices, followed by triangles.

    Returns:
        At least one vertex.

    Raises:
        UnreadableSceneError: If the file is missing, damaged, or no such file.
    """
    try:
        require_plain(path)
        with path.open("rb") as file:
            header = read_header(file)
            mesh = _read(file, header)
    except OSError as error:
        raise UnreadableSceneError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except FormatError as error:
        raise UnreadableSceneError(f"{path}: {error}") from error
    _check(mesh, path)
    return mesh


def _read(file: BinaryIO, header: PlyHeader) -> Mesh:
    wanted = ("x", "y", "z", "red", "green", "blue")
    missing = [name for name in wanted if name not in header.vertex.properties]
    if missing or header.encoding != "<" or header.before:
        raise FormatError(
            "expected a binary little-endian file that begins with vertices of the properties "
            f"{', '.join(wanted)}, as ScanNet's meshes do."
        )
    vertices = read_vertices(file, header)
    points = np.stack([vertices[name] for name in wanted[:3]], axis=-1)
    colors = np.stack([vertices[name] for name in wanted[3:]], axis=-1)
    triangles = np.fromfile(file, FACE, _count_faces(file, header))
    if not (triangles["corners"] == 3).all():
        raise FormatError("a face has not three corners.")
    return Mesh(
        points.astype(np.float32), colors.astype(np.uint8), triangles["vertices"].astype(np.int64)
    )


def _count_faces(file: BinaryIO, header: PlyHeader) -> int:
    """Read the number of faces, and check the types of their lists."""
    place = file.tell()
    file.seek(0)
    lines = file.read(header.size).decode("latin-1").splitlines()
    file.seek(place)
    counts = [line.split()[2] for line in lines if line.startswith("element face ")]
    lists = [line.split()[2:4] for line in lines if line.startswith("property list ")]
    kinds = (["uchar", "uint8"], ["int", "uint", "int32", "uint32"])
    if len(counts) != 1 or len(lists) != 1 or lists[0][0] not in kinds[0]:
        raise FormatError("expected one element 'face' of lists of vertices after the vertices.")
    if lists[0][1] not in kinds[1]:
        raise FormatError(f"faces hold {lists[0][1]}, expected int.")
    left = (file.seek(0, 2) - place) // FACE.itemsize
    file.seek(place)
    if left < int(counts[0]):
        raise FormatError(f"the file is truncated: it has {left} of {counts[0]} faces.")
    return int(counts[0])


def _check(mesh: Mesh, path: Path) -> None:
    count = len(mesh.points)
    if count == 0:
        raise UnreadableSceneError(f"{path}: this mesh has no vertex.")
    if not np.isfinite(mesh.points).all():
        raise UnreadableSceneError(f"{path}: a vertex is NaN or infinite.")
    if mesh.triangles.size and not (mesh.triangles.min() >= 0 and mesh.triangles.max() < count):
        raise UnreadableSceneError(f"{path}: a face names a vertex that is not there.")


def vertex_normals(mesh: Mesh) -> Float32[np.ndarray, "p 3"]:
    """Average the normals of the triangles around each vertex, weighted by their areas.

    Args:
        mesh: Triangles that go round counter-clockwise seen from outside.

    Returns:
        Unit vectors; (0, 0, 1) at vertices without a triangle of positive area.
    """
    corners = mesh.points.astype(np.float64)[mesh.triangles]
    first, second, third = corners[:, 0], corners[:, 1], corners[:, 2]
    doubled = np.cross(second - first, third - first)  # as long as twice the triangle's area
    vertices = mesh.triangles.ravel()
    weights = np.repeat(doubled, 3, axis=0)
    count = len(mesh.points)
    sums = np.stack([np.bincount(vertices, weights[:, axis], count) for axis in range(3)], axis=-1)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    normals = np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1), [0.0, 0.0, 1.0])
    return normals.astype(np.float32)
