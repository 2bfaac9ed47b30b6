import torch

from gaussrep_gmae.layers import depth_ranks, order_by_depth


def test_order_is_nearest_first(make_method, images):
    gaussians = make_method().gaussians({"image": images}).detach()
    ordered = order_by_depth(gaussians)
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
    reds = order_by_depth(gaussians).colors[0, :, 0]
    torch.testing.assert_close(reds, torch.tensor([0.1, 0.0, 0.2]))
