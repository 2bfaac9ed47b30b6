import pytest
import torch

import gaussrep as gr
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.projection import project
from gaussrep_gmae.camera import canonical_camera, with_perspective_size


def gaussians(means, scale):
    count = len(means)
    return Gaussians(
        torch.tensor(means)[None],
        torch.tensor([1.0, 0, 0, 0]).expand(1, count, 4),
        torch.full((1, count, 3), scale),
        torch.ones(1, count),
        colors=torch.ones(1, count, 3),
    )


def test_corner_means_land_on_image_corners():
    corners = [[-1.0, -1, -1], [1, -1, 0], [-1, 1, 0.5], [1, 1, 1]]
    seen = project(gaussians(corners, 0.1), canonical_camera(1, 48, torch.device("cpu")))
    expected = torch.tensor([[0.0, 0], [48, 0], [0, 48], [48, 48]])
    torch.testing.assert_close(seen.means2d[0, 0], expected)


def test_depth_orders_without_moving():
    seen = project(
        gaussians([[0.3, 0.2, -1], [0.3, 0.2, 1.0]], 0.1),
        canonical_camera(1, 32, torch.device("cpu")),
    )
    torch.testing.assert_close(seen.means2d[0, 0, 0], seen.means2d[0, 0, 1])
    assert seen.depths[0, 0].tolist() == [7.0, 9.0]


def test_the_scale_limit_is_a_sixteenth_of_the_width(make_method):
    head = make_method(max_scale=1.0).head
    raw = torch.zeros(1, 20, 14)
    raw[..., 3:6] = 50.0
    head.linear.weight.data.zero_()
    head.start.data.copy_(raw[0])
    widest = head(torch.zeros(1, 20, 32))
    seen = project(widest, canonical_camera(1, 32, torch.device("cpu")))
    sigma = (1 / seen.conics[..., 0] - 0.3).sqrt()
    torch.testing.assert_close(sigma, torch.full_like(sigma, 32 / 16))


def test_perspective_size_shrinks_what_is_far():
    near, far = with_perspective_size(gaussians([[0.0, 0, -1], [0, 0, 1]], 0.1)).scales[0, :, 0]
    assert near.item() == pytest.approx(0.1 * 8 / 7)
    assert far.item() == pytest.approx(0.1 * 8 / 9)


def test_the_nearer_gaussian_hides_the_farther():
    both = gaussians([[0.0, 0, 0.5], [0, 0, -0.5]], 0.5)
    red, blue = torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 0, 1])
    both = both.replace(colors=torch.stack([red, blue])[None])
    picture = gr.render(both, canonical_camera(1, 9, torch.device("cpu"))).color[0, 0]
    assert picture[4, 4, 2] > 0.99
