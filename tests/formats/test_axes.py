import pytest
import torch

from gaussrep.formats.axes import LEFT_UP_FORWARD, RIGHT_UP_BACK, convert_axes


def matrix(signs):
    return torch.diag(torch.tensor([*signs, 1.0]))


@pytest.mark.parametrize("signs", [RIGHT_UP_BACK, LEFT_UP_FORWARD])
@pytest.mark.parametrize("degree", range(5))
def test_it_is_the_rotation_that_transform_does(make_scene, signs, degree):
    scene = make_scene(degree=degree)
    turned, wanted = convert_axes(scene, signs), scene.transform(matrix(signs))
    torch.testing.assert_close(turned.means, wanted.means)
    torch.testing.assert_close(turned.covariances(), wanted.covariances())
    torch.testing.assert_close(turned.sh, wanted.sh, rtol=0, atol=1e-5)


@pytest.mark.parametrize("signs", [RIGHT_UP_BACK, LEFT_UP_FORWARD])
def test_twice_is_exactly_nothing(make_scene, signs):
    scene = make_scene(degree=3)
    back = convert_axes(convert_axes(scene, signs), signs)
    for name, tensor in scene.tensors():
        assert torch.equal(getattr(back, name), tensor)


@pytest.mark.parametrize("signs", [RIGHT_UP_BACK, LEFT_UP_FORWARD])
def test_a_turned_camera_sees_the_same_image(make_scene, cameras, draw, signs):
    scene = make_scene(degree=3)
    seen = draw(convert_axes(scene, signs), cameras.transform(matrix(signs)))
    torch.testing.assert_close(seen, draw(scene, cameras), rtol=0, atol=1e-5)


@pytest.mark.parametrize("signs", [RIGHT_UP_BACK, LEFT_UP_FORWARD])
def test_coefficients_that_stay_behind_show(make_scene, cameras, draw, signs):
    scene = make_scene(degree=3)
    wrong = convert_axes(scene, signs).replace(sh=scene.sh)
    seen = draw(wrong, cameras.transform(matrix(signs)))
    assert (seen - draw(scene, cameras)).abs().max() > 0.02


def test_plain_colors_stay(make_scene):
    scene = make_scene()
    assert convert_axes(scene, RIGHT_UP_BACK).colors is scene.colors
