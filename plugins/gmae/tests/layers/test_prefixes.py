import pytest
import torch

from gaussrep.errors import ValueRangeError
from gaussrep_gmae.layers import depth_prefixes, render_first, render_kept


def test_all_layers_together_are_the_picture(make_method, images):
    method = make_method()
    gaussians = method.gaussians({"image": images}).detach()
    whole = method.draw(gaussians)
    layers = render_first(gaussians, 20, 32, method.background)
    torch.testing.assert_close(layers.color, whole.color)
    assert render_first(gaussians, 3, 32, method.background).alpha.mean() < whole.alpha.mean()


def test_groups_have_equal_counts_and_grow_from_the_nearest(make_method, images):
    gaussians = make_method().gaussians({"image": images}).detach()
    kept = depth_prefixes(gaussians, 3)
    assert kept.sum(-1).tolist() == [[7, 13, 20]] * 3
    depths = gaussians.means[..., 2]
    for image in range(3):
        nearest = depths[image].sort().values[:7]
        torch.testing.assert_close(depths[image][kept[image, 0]].sort().values, nearest)


def test_prefixes_in_one_call_are_those_drawn_one_by_one(make_method, images):
    method = make_method()
    gaussians = method.gaussians({"image": images}).detach()
    together = render_kept(gaussians, depth_prefixes(gaussians, 3), 32, method.background)
    for layer, count in enumerate((7, 13, 20)):
        alone = render_first(gaussians, count, 32, method.background)
        torch.testing.assert_close(together.color[:, layer], alone.color[:, 0])
        torch.testing.assert_close(together.alpha[:, layer], alone.alpha[:, 0])


@pytest.mark.parametrize("layers", [0, 21])
def test_more_layers_than_gaussians_are_refused(make_method, images, layers):
    gaussians = make_method().gaussians({"image": images}).detach()
    with pytest.raises(ValueRangeError, match=f"layers is {layers}, wanted from 1 to the 20"):
        depth_prefixes(gaussians, layers)
