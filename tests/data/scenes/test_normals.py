import numpy as np

from gaussrep.data.scenes.normals import estimate_point_normals, least_spread


def test_walls_of_a_box_look_inward():
    rng = np.random.default_rng(0)
    points, wanted = [], []
    for axis in range(3):
        for side in (-1, 1):
            wall = rng.uniform(-0.6, 0.6, (400, 3))
            wall[:, axis] = side
            points.append(wall)
            normal = np.zeros(3)
            normal[axis] = -side
            wanted.append(np.tile(normal, (400, 1)))
    found = estimate_point_normals(np.concatenate(points).astype(np.float32))
    assert (found * np.concatenate(wanted)).sum(1).min() > 0.999


def test_points_on_a_line_look_to_the_center():
    line = np.zeros((3, 3), np.float32)
    line[:, 0] = [0, 1, 2]
    found = estimate_point_normals(line)
    np.testing.assert_allclose(found[[0, 2]], [[1, 0, 0], [-1, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)


def test_one_point_has_a_unit_normal():
    assert estimate_point_normals(np.ones((1, 3), np.float32)).tolist() == [[0, 0, 1]]


def test_the_direction_of_least_spread():
    spread = np.diag([1.0, 0.01, 2.0])[None]
    np.testing.assert_allclose(least_spread(spread, np.array([[0.0, -1, 5]])), [[0, -1, 0]])
