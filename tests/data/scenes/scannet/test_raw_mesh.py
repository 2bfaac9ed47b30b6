import numpy as np
import pytest

from gaussrep.data.scenes.scannet.raw_mesh import Mesh, read_mesh, vertex_normals
from gaussrep.data.unreadable import UnreadableSceneError


@pytest.fixture
def path(raw):
    return raw.root / "scans" / "scene0000_00" / "scene0000_00_vh_clean_2.ply"


def test_a_mesh_comes_back(path):
    mesh = read_mesh(path)
    assert mesh.points[4].tolist() == [0, 0, 2]
    assert mesh.colors[1].tolist() == [0, 255, 0]
    assert mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3], [0, 4, 1]]


def test_normals_are_weighted_by_area(path):
    """Around vertex 0: areas 1/2 and 1/2 that face up, and area 1 that faces +y (by hand)."""
    normals = vertex_normals(read_mesh(path))
    np.testing.assert_allclose(normals[2], [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(normals[4], [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(normals[0], np.array([0, 1, 1]) / np.sqrt(2), atol=1e-6)
    np.testing.assert_allclose(normals[1], np.array([0, 2, 1]) / np.sqrt(5), atol=1e-6)
    np.testing.assert_allclose(normals[5], [0, 0, 1])


def test_flat_triangles_have_no_say():
    points = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0]], np.float32)
    mesh = Mesh(points, np.zeros((3, 3), np.uint8), np.array([[0, 1, 2]]))
    assert vertex_normals(mesh).tolist() == [[0, 0, 1]] * 3


def test_damaged_meshes_are_named(path, raw):
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    with pytest.raises(
        UnreadableSceneError, match=r"\.ply: the file is truncated: it has 2 of 3 faces"
    ):
        read_mesh(path)
    path.write_bytes(whole[:-60])
    with pytest.raises(UnreadableSceneError, match=r"\.ply: the file is truncated: 6 vertices"):
        read_mesh(path)
    path.write_bytes(whole.replace(b"property uchar red", b"property uchar hue"))
    with pytest.raises(UnreadableSceneError, match="begins with vertices of the properties x, y"):
        read_mesh(path)
    raw.write_mesh(path, triangles=np.array([[0, 1, 6]], np.int32))
    with pytest.raises(UnreadableSceneError, match="names a vertex that is not there"):
        read_mesh(path)
    raw.write_mesh(path, points=np.full((6, 3), np.nan, np.float32))
    with pytest.raises(UnreadableSceneError, match="NaN or infinite"):
        read_mesh(path)
    path.unlink()
    with pytest.raises(UnreadableSceneError, match=r"\.ply: cannot be read: No such file"):
        read_mesh(path)
