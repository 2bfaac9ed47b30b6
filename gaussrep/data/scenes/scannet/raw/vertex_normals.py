"""Normals of a mesh's vertices."""

import numpy as np
from jaxtyping import Float32

from gaussrep.data.scenes.scannet.raw.mesh import Mesh


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
