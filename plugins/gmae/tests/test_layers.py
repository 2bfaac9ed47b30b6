import torch

from gaussrep_gmae.layers import draw_nearest, order_by_depth


def test_order_is_nearest_first(make_method, images):
    gaussians = make_method().gaussians({"image": images}).detach()
    ordered = order_by_depth(gaussians)
    depths = ordered.means[..., 2]
    assert (depths.diff(dim=-1) >= 0).all()
    first = gaussians.means[..., 2].argmin(-1)
    expected = gaussians.colors[torch.arange(3), first]
    torch.testing.assert_close(ordered.colors[:, 0], expected)


def test_all_layers_together_are_the_picture(make_method, images):
    method = make_method()
    gaussians = method.gaussians({"image": images}).detach()
    whole = method.draw(gaussians)
    layers = draw_nearest(gaussians, 20, 32, method.background)
    torch.testing.assert_close(layers.color, whole.color)
    assert draw_nearest(gaussians, 3, 32, method.background).alpha.mean() < whole.alpha.mean()
