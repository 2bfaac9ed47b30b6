from pathlib import Path

import numpy as np
import pytest

from gaussrep.data.scenes.camera_matrices import (
    intrinsics_from_file,
    intrinsics_to_file,
    invert_pose,
    resize_intrinsics,
)
from gaussrep.data.unreadable import UnreadableSceneError

FILE = Path("intrinsic.txt")
K = np.array([[500.0, 0, 320], [0, 510, 240], [0, 0, 1]])


def test_files_count_pixels_from_their_centers():
    assert intrinsics_to_file(K)[:2, 2].tolist() == [319.5, 239.5]
    assert intrinsics_to_file(K).shape == (4, 4)
    np.testing.assert_array_equal(intrinsics_from_file(intrinsics_to_file(K), FILE), K)
    assert intrinsics_from_file(K, FILE)[:2, 2].tolist() == [320.5, 240.5]


def test_a_ray_keeps_its_place_in_an_image_of_another_size():
    ray = np.array([0.2, -0.1, 1.0])
    before, after = K @ ray, resize_intrinsics(K, (480, 640), (120, 320)) @ ray
    np.testing.assert_allclose(after[:2], before[:2] * [0.5, 0.25])


def test_poses_that_float32_cannot_hold_are_none():
    far = np.eye(4)
    far[0, 3] = 2e12
    assert invert_pose(far) is None
    lost = np.eye(4)
    lost[:2, :2] = [[1, 1], [1, 1 + 2.0**-30]]  # its inverse is singular in float32
    assert invert_pose(lost) is None
    assert invert_pose(np.diag([1e-39, 1e-39, 1e-39, 1])) is None
    assert invert_pose(np.full((4, 4), np.nan)) is None
    np.testing.assert_array_equal(invert_pose(np.eye(4)), np.eye(4))


@pytest.mark.parametrize("value", [1e39, float("nan"), float("inf"), 0.0, -500.0])
def test_impossible_intrinsics_are_one_sentence(value):
    changed = K.copy()
    changed[0, 0] = value
    with pytest.raises(UnreadableSceneError, match=r"intrinsic\.txt: the camera matrix"):
        intrinsics_from_file(changed, FILE)
