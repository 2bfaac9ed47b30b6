import pytest
import torch

from gaussrep_gmae.border_prior import border_prior
from gaussrep_gmae.camera import DISTANCE
from gaussrep_gmae.layers.pixel_figure import pixel_figure


def square_on_ground(size=32):
    """A red square on blue ground, and where the square is."""
    inside = torch.zeros(1, size, size, dtype=torch.bool)
    inside[:, size // 4 : 3 * size // 4, size // 4 : 3 * size // 4] = True
    red, blue = torch.tensor([0.9, 0.1, 0.1]), torch.tensor([0.1, 0.2, 0.8])
    return torch.where(inside[..., None], red, blue).movedim(-1, 1), inside


def test_pixels_not_colored_as_the_border_are_figure():
    images, inside = square_on_ground()
    assert torch.equal(pixel_figure(images), inside.float())


def test_figure_lies_before_the_middle_and_ground_behind():
    images, inside = square_on_ground()
    painted = torch.ones(1, 32, 32)
    right = DISTANCE + torch.where(inside, -0.5, 0.5)
    assert border_prior(right, painted, images).tolist() == [0.0]
    middle = torch.full_like(right, DISTANCE)
    assert border_prior(middle, painted, images).tolist() == pytest.approx([0.25])
    swapped = 2 * DISTANCE - right
    assert border_prior(swapped, painted, images).tolist() == pytest.approx([1.0])


def test_only_paint_counts_and_only_depth_learns():
    images, _ = square_on_ground()
    depth = torch.full((1, 32, 32), DISTANCE, requires_grad=True)
    alpha = torch.zeros(1, 32, 32)
    alpha[:, :8] = 0.5
    alpha.requires_grad_()
    border_prior(depth, alpha, images).sum().backward()
    assert alpha.grad is None
    assert depth.grad is not None
    assert (depth.grad[:, :8] < 0).all()
    assert (depth.grad[:, 8:] == 0).all()


def test_the_guess_is_made_from_a_small_copy():
    images, inside = square_on_ground(128)
    right = DISTANCE + torch.where(inside, -0.5, 0.5)
    assert border_prior(right, torch.ones(1, 128, 128), images).item() < 0.02
