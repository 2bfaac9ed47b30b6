import pytest
import torch

from gaussrep_gmae.camera import DISTANCE
from gaussrep_gmae.depth_losses import border_prior_loss, true_depth_loss
from gaussrep_gmae.layers.figure import pixel_figure


def square_on_ground(size=32):
    """A red square on blue ground, and where the square is."""
    inside = torch.zeros(1, size, size, dtype=torch.bool)
    inside[:, size // 4 : 3 * size // 4, size // 4 : 3 * size // 4] = True
    red, blue = torch.tensor([0.9, 0.1, 0.1]), torch.tensor([0.1, 0.2, 0.8])
    return torch.where(inside[..., None], red, blue).movedim(-1, 1), inside


def test_pixels_not_colored_as_the_border_are_figure():
    images, inside = square_on_ground()
    assert torch.equal(pixel_figure(images), inside.float())


def test_prior_puts_the_figure_in_front_and_the_ground_behind():
    images, inside = square_on_ground()
    covered = torch.ones(1, 32, 32)
    right = DISTANCE + torch.where(inside, -0.5, 0.5)
    assert border_prior_loss(right, covered, images).tolist() == [0.0]
    middle = torch.full_like(right, DISTANCE)
    assert border_prior_loss(middle, covered, images).tolist() == pytest.approx([0.25])
    swapped = 2 * DISTANCE - right
    assert border_prior_loss(swapped, covered, images).tolist() == pytest.approx([1.0])


def test_prior_weighs_by_alpha_and_trains_depth_only():
    images, _ = square_on_ground()
    depth = torch.full((1, 32, 32), DISTANCE, requires_grad=True)
    alpha = torch.zeros(1, 32, 32)
    alpha[:, :8] = 0.5
    alpha.requires_grad_()
    border_prior_loss(depth, alpha, images).sum().backward()
    assert alpha.grad is None
    assert depth.grad is not None
    assert (depth.grad[:, :8] < 0).all()
    assert (depth.grad[:, 8:] == 0).all()


def test_prior_comes_from_a_small_copy():
    images, inside = square_on_ground(128)
    right = DISTANCE + torch.where(inside, -0.5, 0.5)
    assert border_prior_loss(right, torch.ones(1, 128, 128), images).item() < 0.02


def test_true_depth_is_compared_in_each_images_own_unit():
    depth = torch.rand(2, 8, 8, generator=torch.Generator().manual_seed(0))
    covered = torch.ones(2, 8, 8)
    rising = depth - depth.mean((1, 2), keepdim=True)
    right = DISTANCE + 0.4 * rising / rising.std((1, 2), keepdim=True)
    for units in (depth, 3 + 100 * depth):
        torch.testing.assert_close(
            true_depth_loss(right, covered, units), torch.zeros(2), atol=1e-6, rtol=0
        )
    reversed_depth = true_depth_loss(2 * DISTANCE - right, covered, depth)
    torch.testing.assert_close(reversed_depth, torch.full((2,), 0.8**2 * 63 / 64))
