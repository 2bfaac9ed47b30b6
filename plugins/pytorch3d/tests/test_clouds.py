import pytest
import torch

from gaussrep.errors import ShapeError
from gaussrep.gaussians import Gaussians
from gaussrep.testing.scenes import random_scene
from gaussrep_pytorch3d.clouds import from_pointclouds, to_pointclouds
from gaussrep_pytorch3d.library import pytorch3d

pytestmark = pytest.mark.pytorch3d


def scene(**options):
    return random_scene(0, **options).gaussians.to(torch.float32)


def cloud(*lengths, channels=0):
    generator = torch.Generator().manual_seed(0)
    return pytorch3d("structures").Pointclouds(
        [torch.randn(length, 3, generator=generator) for length in lengths],
        features=[torch.rand(length, channels, generator=generator) for length in lengths]
        if channels
        else None,
    )


def test_a_cloud_holds_places_colors_opacities_and_features():
    gaussians = scene(features=2)
    (features,) = (clouds := to_pointclouds(gaussians)).features_list()
    assert torch.equal(clouds.points_list()[0], gaussians.means)
    assert torch.equal(features[:, :3], gaussians.colors)
    assert torch.equal(features[:, 3], gaussians.opacities)
    assert torch.equal(features[:, 4:], gaussians.features)


def test_padding_is_left_out_and_batch_axes_are_flattened():
    short, long = scene(count=3), scene(count=7)
    clouds = to_pointclouds(Gaussians.stack([short, long]))
    assert clouds.num_points_per_cloud().tolist() == [3, 7]
    assert len(to_pointclouds(scene(batch=(2, 3)))) == 6


def test_harmonics_give_their_constant_color():
    gaussians = scene(sh_degree=2)
    (features,) = to_pointclouds(gaussians).features_list()
    expected = (0.5 + 0.28209479 * gaussians.sh[:, 0]).clamp_min(0)
    torch.testing.assert_close(features[:, :3], expected)


@pytest.mark.parametrize("features", [0, 3])
def test_there_and_back_only_shapes_change(features):
    actual = scene(features=features, batch=(2,))
    again = from_pointclouds(to_pointclouds(actual), scale=0.2)
    for name in ("means", "opacities", "colors", "features"):
        one, two = getattr(again, name), getattr(actual, name)
        assert one is two is None or torch.equal(one, two), name
    assert torch.equal(again.scales, torch.full_like(actual.scales, 0.2))
    assert torch.equal(again.quats, torch.tensor([1.0, 0, 0, 0]).expand_as(actual.quats))


def test_clouds_of_different_length_are_padded():
    found = from_pointclouds(cloud(2, 5, 0), opacity=0.3)
    assert found.batch_shape == (3,)
    assert (found.opacities > 0).sum(-1).tolist() == [2, 5, 0]
    assert found.opacities[1].tolist() == pytest.approx([0.3] * 5)
    assert (found.colors[found.opacities > 0] == 0.5).all()


def test_sizes_are_the_spacing_of_the_points():
    grid = torch.cartesian_prod(*[torch.arange(3.0)] * 3)
    found = from_pointclouds(pytorch3d("structures").Pointclouds(grid[None]))
    assert torch.equal(found.scales, torch.ones(1, 27, 3))
    alike = pytorch3d("structures").Pointclouds([torch.tensor([[0.0, 0, 0]] * 4 + [[10.0, 0, 0]])])
    assert from_pointclouds(alike).scales.min().item() == pytest.approx(1e-3)


def test_gradients_go_both_ways():
    means = scene().means.clone().requires_grad_()
    clouds = to_pointclouds(scene().replace(means=means))
    from_pointclouds(clouds).means.sum().backward()
    assert torch.equal(means.grad, torch.ones_like(means))


def test_what_makes_no_gaussians_is_refused():
    with pytest.raises(ShapeError, match="points have 2 features, expected none, RGB, or RGB and"):
        from_pointclouds(cloud(4, channels=2))
    with pytest.raises(ShapeError, match="one point has no spacing; give scale"):
        from_pointclouds(cloud(1))
    assert from_pointclouds(cloud(1), scale=0.1).count == 1
