"""Cameras see the same before and after they are converted, by PyTorch3D's own projections."""

import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError, ShapeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import project
from gaussrep_pytorch3d.cameras import from_pytorch3d_cameras, to_pytorch3d_cameras
from gaussrep_pytorch3d.library import pytorch3d

pytestmark = pytest.mark.pytorch3d

SIZES = [(64, 48), (30, 50), (41, 41)]


def random_cameras(size, model="pinhole", views=5):
    """Cameras around the origin with pixels that are not square and a principal point aside."""
    generator = torch.Generator().manual_seed(0)
    eyes = torch.nn.functional.normalize(torch.randn(views, 3, generator=generator), dim=-1) * 4
    cameras = Cameras.look_at(eyes, torch.zeros(3), torch.tensor([0.1, 0.2, 1.0]), *size)
    shift = torch.eye(3).repeat(views, 1, 1)
    shift[:, 0, 2], shift[:, 1, 2] = 0.1, -0.05
    stretch = torch.diag(torch.tensor([1.0, 1.3, 1.0]))
    return cameras.replace(Ks=stretch @ cameras.Ks @ shift, model=model)


def points_of(views, count=200):
    return torch.randn(views, count, 3, generator=torch.Generator().manual_seed(1)) * 0.7


def pixels(cameras, points):
    """Where the core puts the points of each view, [V, N, 2]."""
    scene = Gaussians(
        points,
        torch.ones(*points.shape[:2], 4),
        torch.ones_like(points),
        torch.ones(points.shape[:2]),
        colors=torch.ones_like(points),
    )
    one_each = cameras.replace(viewmats=cameras.viewmats[:, None], Ks=cameras.Ks[:, None])
    return project(scene, one_each).means2d[:, 0]


@pytest.mark.parametrize("in_ndc", [False, True])
@pytest.mark.parametrize("model", ["pinhole", "ortho"])
@pytest.mark.parametrize("size", SIZES)
def test_pytorch3d_puts_points_where_we_do(size, model, in_ndc):
    actual = random_cameras(size, model)
    points = points_of(actual.views)
    expected = to_pytorch3d_cameras(actual, in_ndc=in_ndc)
    assert len(expected) == actual.views
    assert expected.in_ndc() == in_ndc
    placed = expected.transform_points_screen(points)[..., :2]
    torch.testing.assert_close(placed, pixels(actual, points), atol=2e-3, rtol=1e-4)


def test_view_space_has_x_to_the_left_and_y_up():
    actual = random_cameras((64, 48), views=1)
    points = points_of(1)
    view = to_pytorch3d_cameras(actual).get_world_to_view_transform().transform_points(points)
    rotation, offset = actual.viewmats[:, :3, :3], actual.viewmats[:, None, :3, 3]
    x, y, z = (points @ rotation.mT + offset).unbind(-1)
    torch.testing.assert_close(view, torch.stack([-x, -y, z], -1), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("in_ndc", [False, True])
@pytest.mark.parametrize("model", ["pinhole", "ortho"])
@pytest.mark.parametrize("size", SIZES)
def test_there_and_back(size, model, in_ndc):
    actual = random_cameras(size, model)
    again = from_pytorch3d_cameras(to_pytorch3d_cameras(actual, in_ndc=in_ndc), *size)
    torch.testing.assert_close(again.viewmats, actual.viewmats)
    torch.testing.assert_close(again.Ks, actual.Ks, atol=1e-4, rtol=1e-5)
    assert (again.model, again.width, again.height) == (model, *size)


KINDS = {
    "PerspectiveCameras": {"focal_length": 1.7, "principal_point": ((0.1, -0.2),)},
    "OrthographicCameras": {"focal_length": ((0.4, 0.5),), "principal_point": ((0.1, -0.2),)},
    "FoVPerspectiveCameras": {"fov": 50.0, "aspect_ratio": 1.2},
    "FoVOrthographicCameras": {"max_y": 3.0, "min_y": -1.0, "max_x": 2.0, "min_x": -1.5},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_we_put_points_where_pytorch3d_does(size, kind):
    module = pytorch3d("renderer.cameras")
    rotation, offset = module.look_at_view_transform(4.0, torch.tensor([20.0, -50.0]), 70.0)
    expected = getattr(module, kind)(R=rotation, T=offset, **KINDS[kind])
    points = points_of(2)
    placed = expected.transform_points_screen(points, image_size=(size[1], size[0]))[..., :2]
    actual = from_pytorch3d_cameras(expected, *size)
    torch.testing.assert_close(pixels(actual, points), placed, atol=2e-3, rtol=1e-4)


def test_batch_axes_are_flattened():
    actual = random_cameras((8, 6), views=6)
    batched = actual.replace(
        viewmats=actual.viewmats.view(2, 3, 4, 4), Ks=actual.Ks.view(2, 3, 3, 3)
    )
    torch.testing.assert_close(to_pytorch3d_cameras(batched).R, to_pytorch3d_cameras(actual).R)


def test_gradients_go_through():
    actual = random_cameras((8, 6), views=2)
    Ks = actual.Ks.clone().requires_grad_()
    expected = to_pytorch3d_cameras(actual.replace(Ks=Ks))
    expected.transform_points_screen(points_of(2)).sum().backward()
    assert Ks.grad is not None
    assert Ks.grad[:, :2].norm() > 0


def test_another_size_is_refused():
    expected = to_pytorch3d_cameras(random_cameras((64, 48)))
    with pytest.raises(ShapeError, match="images of 64x48, got a size of 48x64"):
        from_pytorch3d_cameras(expected, 48, 64)


def test_other_cameras_are_refused():
    fisheye = pytorch3d("renderer.fisheyecameras").FishEyeCameras(focal_length=torch.ones(1, 1))
    with pytest.raises(CapabilityError, match="cameras are FishEyeCameras, expected one of"):
        from_pytorch3d_cameras(fisheye, 4, 4)
