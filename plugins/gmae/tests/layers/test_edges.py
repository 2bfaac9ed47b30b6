import numpy as np
import pytest
import torch
from einops import rearrange

from gaussrep.rendering.conventions import MIN_ALPHA
from gaussrep_gmae.layers import edges, render_nearest
from gaussrep_gmae.layers.edges import color_gradient, rgb_to_lab

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 0.7, 0.1), (0.0, 0.0, 1.0)


def test_strength_is_the_mean_weighted_gradient_of_the_painted_colors(make_gaussians):
    color = pytest.importorskip("skimage.color")
    gaussians = make_gaussians(
        ((8, 8), -0.5, RED, 0.5, 3.0),
        ((12, 9), 0.2, GREEN, 0.9, 2.0),
        ((9, 12), 0.5, BLUE, 0.8, 4.0),
    )
    expected = 0.0
    for count in (1, 2, 3):
        shown = render_nearest(gaussians, count, 32, torch.zeros(3))
        alpha = shown.alpha[0, 0].double().numpy()
        painted = color.rgb2lab(shown.color[0, 0].numpy() / alpha.clip(MIN_ALPHA)[..., None]) / 100
        slopes = [
            np.gradient(alpha[..., None] * painted, axis=axis)
            - np.gradient(alpha, axis=axis)[..., None] * painted
            for axis in (0, 1)
        ]
        expected += np.linalg.norm(np.concatenate(slopes, axis=-1), axis=-1) * (alpha > 0) / 3
    np.testing.assert_allclose(edges(gaussians, 3, 32)[0].numpy(), expected, atol=2e-4)


def test_layers_of_one_color_have_no_edges(make_gaussians):
    gaussians = make_gaussians(
        ((8, 8), -0.5, RED, 0.5, 3.0), ((11, 8), 0.5, RED, 0.8, 3.0), ((9, 12), 0.7, RED, 0.8, 3.0)
    )
    assert edges(gaussians, 3, 32).max() < 1e-5


def test_two_surfaces_have_one_where_they_meet(make_gaussians):
    columns = range(0, 32, 2)
    depths = torch.rand(len(columns) ** 2, generator=torch.Generator().manual_seed(0)).tolist()
    gaussians = make_gaussians(
        *(
            ((x, y), depths.pop(), RED if x < 16 else BLUE, 0.9, 1.2)
            for x in columns
            for y in columns
        )
    )
    strength = edges(gaussians, 4, 32)[0]
    assert ((strength >= 0) & (strength <= 1)).all()
    across = strength[4:-4].mean(dim=0)
    assert 13 <= across.argmax() <= 17
    assert across[[6, 25]].max() < 0.1 * across.max()


def test_a_step_counts_half_on_either_side():
    images = torch.zeros(1, 3, 4, 6)
    images[:, 0], images[:, 2, :, 3:] = 1.0, 1.0
    red, magenta = rgb_to_lab(images)[0, :, 0, 0], rgb_to_lab(images)[0, :, 0, 5]
    step = (magenta - red).norm().item() / 2
    expected = torch.tensor([0, 0, step, step, 0, 0]).expand(1, 4, 6)
    torch.testing.assert_close(color_gradient(images), expected)


def test_both_directions_add_up_by_squares():
    gray = (torch.arange(5) + torch.arange(4)[:, None]) / 10
    lightness = rgb_to_lab(gray.expand(1, 3, 4, 5))[0, 0]
    across = (lightness[1, 2] - lightness[1, 0]) / 2
    down = (lightness[2, 1] - lightness[0, 1]) / 2
    found = color_gradient(gray.expand(1, 3, 4, 5))[0, 1, 1].item()
    assert found == pytest.approx((across**2 + down**2).sqrt().item(), rel=1e-4)


def test_agrees_with_scikit_image():
    color = pytest.importorskip("skimage.color")
    images = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(0))
    images[0, :, 0] = torch.linspace(0, 0.05, 7)
    images[0, :, 1, 0], images[0, :, 1, 1] = 0.0, 1.0
    expected = color.rgb2lab(rearrange(images.double(), "b c h w -> b h w c").numpy()) / 100
    found = rearrange(rgb_to_lab(images), "b c h w -> b h w c")
    torch.testing.assert_close(found.double(), torch.from_numpy(expected), atol=1e-4, rtol=0)
