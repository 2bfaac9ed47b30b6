import pytest
import torch

from gaussrep.errors import ValueRangeError
from gaussrep_gmae.layers import (
    cumulative_layers,
    depth_map,
    depth_ranks,
    discontinuities,
    layer_map,
    render_nearest,
    render_subsets,
    sort_by_depth,
)


def test_order_is_nearest_first(make_method, images):
    gaussians = make_method().gaussians({"image": images}).detach()
    ordered = sort_by_depth(gaussians)
    depths = ordered.means[..., 2]
    assert (depths.diff(dim=-1) >= 0).all()
    first = gaussians.means[..., 2].argmin(-1)
    expected = gaussians.colors[torch.arange(3), first]
    torch.testing.assert_close(ordered.colors[:, 0], expected)


def test_equal_depths_keep_their_order(make_gaussians):
    gaussians = make_gaussians(
        ((1, 1), 0.5, (0.0, 0, 0), 0.5, 1.0),
        ((2, 1), 0.1, (0.1, 0, 0), 0.5, 1.0),
        ((3, 1), 0.5, (0.2, 0, 0), 0.5, 1.0),
    )
    assert depth_ranks(gaussians).tolist() == [[1, 0, 2]]
    reds = sort_by_depth(gaussians).colors[0, :, 0]
    torch.testing.assert_close(reds, torch.tensor([0.1, 0.0, 0.2]))


def test_all_layers_together_are_the_image(make_method, images):
    method = make_method()
    gaussians = method.gaussians({"image": images}).detach()
    whole = method.render(gaussians)
    layers = render_nearest(gaussians, 20, 32, method.background)
    torch.testing.assert_close(layers.color, whole.color)
    assert render_nearest(gaussians, 3, 32, method.background).alpha.mean() < whole.alpha.mean()


def test_groups_have_equal_counts_and_grow_from_the_nearest(make_method, images):
    gaussians = make_method().gaussians({"image": images}).detach()
    kept = cumulative_layers(gaussians, 3)
    assert kept.sum(-1).tolist() == [[7, 13, 20]] * 3
    depths = gaussians.means[..., 2]
    for image in range(3):
        nearest = depths[image].sort().values[:7]
        torch.testing.assert_close(depths[image][kept[image, 0]].sort().values, nearest)


def test_subsets_in_one_call_equal_single_renderings(make_method, images):
    method = make_method()
    gaussians = method.gaussians({"image": images}).detach()
    together = render_subsets(gaussians, cumulative_layers(gaussians, 3), 32, method.background)
    for layer, count in enumerate((7, 13, 20)):
        alone = render_nearest(gaussians, count, 32, method.background)
        torch.testing.assert_close(together.color[:, layer], alone.color[:, 0])
        torch.testing.assert_close(together.alpha[:, layer], alone.alpha[:, 0])


@pytest.mark.parametrize("layers", [0, 21])
def test_more_layers_than_gaussians_are_refused(make_method, images, layers):
    gaussians = make_method().gaussians({"image": images}).detach()
    with pytest.raises(ValueRangeError, match=f"layers is {layers}, expected from 1 to the 20"):
        cumulative_layers(gaussians, layers)


WHITE = torch.ones(3)
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def test_a_pixel_takes_the_number_of_the_group_that_paints_it(make_gaussians):
    gaussians = make_gaussians(((24, 8), 0.5, BLUE, 0.9, 2.0), ((8, 8), -0.5, RED, 0.9, 2.0))
    numbers = layer_map(gaussians, 2, 0.1, 32, WHITE)[0]
    assert numbers[8, 8] == 1
    assert numbers[8, 24] == 2
    assert numbers[28, 16] == 0


def test_what_is_hidden_behind_changes_nothing(make_gaussians):
    gaussians = make_gaussians(((8, 8), -0.5, RED, 0.95, 2.0), ((8, 8), 0.5, BLUE, 0.95, 4.0))
    numbers = layer_map(gaussians, 2, 0.1, 32, WHITE)[0]
    assert numbers[8, 8] == 1  # 0.05 of the light is left, so that nothing changes by 0.1
    assert numbers[8, 14] == 2
    assert layer_map(gaussians, 2, 0.04, 32, WHITE)[0, 8, 8] == 2


def test_jumps_are_differences_from_the_neighbors():
    numbers = torch.tensor([[[1, 1, 3], [1, 1, 1]]])
    assert discontinuities(numbers).tolist() == [[[0, 2, 2], [0, 0, 2]]]


def test_depth_is_expected_and_ends_at_the_far_face(make_gaussians):
    depth = depth_map(make_gaussians(((8, 8), 0.5, (1.0, 0, 0), 0.8, 2.0)), 32)[0]
    assert depth[8, 8].item() == pytest.approx(0.8 * 0.75 + 0.2, abs=1e-4)
    assert depth[28, 28].item() == 1


def test_the_nearer_of_two_counts_first(make_gaussians):
    near, far = ((8, 8), -0.8, (1.0, 0, 0), 0.9, 2.0), ((8, 8), 0.6, (0.0, 0, 1), 0.9, 2.0)
    depth = depth_map(make_gaussians(far, near), 32)[0, 8, 8].item()
    assert depth == pytest.approx(0.9 * 0.1 + 0.09 * 0.8 + 0.01, abs=1e-4)
