from math import exp

import pytest
import torch

import gaussrep as gr
from gaussrep import Gaussians
from gaussrep.rendering import project
from gaussrep_gmae.camera import canonical_camera, with_oblique_views, with_perspective_size


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


@pytest.mark.parametrize(
    ("renderer", "device"),
    [
        ("reference", "cpu"),
        ("cpu", "cpu"),
        pytest.param("gsplat", "cuda", marks=pytest.mark.gpu),
    ],
)
def test_every_renderer_draws_corners_in_the_corners(renderer, device):
    """The mean lies on the frame's corner: half a pixel off the center of the corner pixel."""
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    at = [[-1.0, -1], [1, -1], [-1, 1], [1, 1]]
    scenes = Gaussians.stack([gaussians([[x, y, 0.0]], 0.02)[0] for x, y in at]).to(device)
    camera = canonical_camera(4, 9, torch.device(device))
    alpha = gr.render(scenes, camera, renderer).alpha[:, 0].cpu()
    sigma2 = (0.02 * 4.5) ** 2 + 0.3
    for image, (x, y) in zip(alpha, at, strict=True):
        row, column = (8 if y > 0 else 0), (8 if x > 0 else 0)
        assert image.argmax().item() == 9 * row + column
        assert image[row, column].item() == pytest.approx(exp(-0.25 / sigma2), rel=1e-3)


def test_depth_orders_without_moving():
    seen = project(
        gaussians([[0.3, 0.2, -1], [0.3, 0.2, 1.0]], 0.1),
        canonical_camera(1, 32, torch.device("cpu")),
    )
    torch.testing.assert_close(seen.means2d[0, 0, 0], seen.means2d[0, 0, 1])
    assert seen.depths[0, 0].tolist() == [7.0, 9.0]


def test_oblique_views_move_the_near_face_against_the_far_face():
    camera = canonical_camera(1, 32, torch.device("cpu"))
    cameras = with_oblique_views(camera, torch.tensor([[[0.25, 0.0], [0.0, -0.125]]]))
    seen = project(gaussians([[0.0, 0, -1], [0, 0, 0], [0, 0, 1.0]], 0.1), cameras)
    by_hand = [
        [[16, 16], [16, 16], [16, 16]],
        [[20, 16], [16, 16], [12, 16]],
        [[16, 14], [16, 16], [16, 18]],
    ]
    torch.testing.assert_close(seen.means2d[0], torch.tensor(by_hand, dtype=torch.float32))
    assert seen.depths[0].tolist() == [[7, 8, 9]] * 3


def test_perspective_size_shrinks_what_is_far():
    near, far = with_perspective_size(gaussians([[0.0, 0, -1], [0, 0, 1]], 0.1)).scales[0, :, 0]
    assert near.item() == pytest.approx(0.1 * 8 / 7)
    assert far.item() == pytest.approx(0.1 * 8 / 9)


def test_the_nearer_gaussian_hides_the_farther():
    both = gaussians([[0.0, 0, 0.5], [0, 0, -0.5]], 0.5)
    red, blue = torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 0, 1])
    both = both.replace(colors=torch.stack([red, blue])[None])
    image = gr.render(both, canonical_camera(1, 9, torch.device("cpu"))).color[0, 0]
    assert image[4, 4, 2] > 0.99
