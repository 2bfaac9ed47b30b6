import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gaussrep import sh
from gaussrep.editing import rotate, scale, translate
from gaussrep.errors import ValueRangeError
from gaussrep.rendering import render

angles = st.tuples(*[st.floats(-360, 360)] * 3)


def test_a_quarter_turn_about_each_axis_by_hand(make):
    scene = make(1).replace(means=torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64))
    expected = {(90, 0, 0): [1, -3, 2], (0, 90, 0): [3, 2, -1], (0, 0, 90): [-2, 1, 3]}
    for degrees, means in expected.items():
        assert rotate(scene, degrees).means[0].tolist() == pytest.approx(means)


def test_axes_are_turned_about_in_the_order_x_y_z(make):
    scene = make(20)
    matrix = torch.from_numpy(Rotation.from_euler("xyz", (20, 30, 50), degrees=True).as_matrix())
    turned = rotate(scene, (20, 30, 50))
    torch.testing.assert_close(turned.means, scene.means @ matrix.T)
    torch.testing.assert_close(turned.covariances(), matrix @ scene.covariances() @ matrix.T)


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 4])
def test_colors_turn_with_the_scene(make, degree):
    scene = make(20, degree=degree)
    matrix = torch.from_numpy(Rotation.from_euler("xyz", (20, 30, 50), degrees=True).as_matrix())
    direction = torch.tensor([0.3, -0.5, 0.8], dtype=torch.float64)
    turned = rotate(scene, (20, 30, 50))
    torch.testing.assert_close(
        sh.evaluate(turned.sh, (matrix @ direction).expand(20, 3)),
        sh.evaluate(scene.sh, direction.expand(20, 3)),
    )


def test_features_and_opacities_have_no_direction(make):
    scene = make(20, features=5)
    moved = scale(translate(rotate(scene, (20, 30, 50)), (1, 2, 3)), 2)
    assert torch.equal(moved.features, scene.features)
    assert torch.equal(moved.opacities, scene.opacities)
    assert torch.equal(moved.colors, scene.colors)


def test_scaling_scales_lengths(make):
    scene = make(20, degree=2)
    larger = scale(scene, 3)
    assert torch.equal(larger.means, 3 * scene.means)
    assert torch.equal(larger.scales, 3 * scene.scales)
    assert torch.equal(larger.quats, scene.quats)
    assert torch.equal(larger.sh, scene.sh)


@given(degrees=angles, seed=st.integers(0, 2**32 - 1))
def test_the_inverse_restores(make, assert_same, degrees, seed):
    scene = make(5, seed, degree=3, features=2)
    x, y, z = (-angle for angle in degrees)
    back = rotate(rotate(rotate(rotate(scene, degrees), (0, 0, z)), (0, y, 0)), (x, 0, 0))
    assert_same(back, scene)
    assert_same(translate(translate(scene, degrees), (x, y, z)), scene)
    assert_same(scale(scale(scene, 8), 1 / 8), scene)


def test_scene_and_camera_together_give_the_same_image(make, camera):
    scene = make(300, degree=3, dtype=torch.float32)
    matrix = torch.eye(4, dtype=torch.float64)
    turn = Rotation.from_euler("xyz", (20, 130, 50), degrees=True).as_matrix()
    matrix[:3, :3] = 2 * torch.from_numpy(turn)
    matrix[:3, 3] = torch.tensor([1.0, 2, 3])
    moved = translate(scale(rotate(scene, (20, 130, 50)), 2), (1, 2, 3))
    before = render(scene, camera, renderer="reference").color
    after = render(moved, camera.transform(matrix.float()), renderer="reference").color
    torch.testing.assert_close(after, before, rtol=0, atol=1e-4)
    unturned = moved.replace(sh=scene.sh)
    other = render(unturned, camera.transform(matrix.float()), renderer="reference").color
    assert (other - before).abs().max() > 0.1


def test_values_out_of_range_are_refused(make):
    with pytest.raises(ValueRangeError, match="the rotation is"):
        rotate(make(1), (1, 2))
    with pytest.raises(ValueRangeError, match="the offset is"):
        translate(make(1), (1, 2, float("inf")))
    for factor in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueRangeError, match="expected a positive number"):
            scale(make(1), factor)
