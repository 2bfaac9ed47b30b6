from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import gaussrep as gr
from gaussrep import Cameras, Gaussians
from gaussrep.data.shapes.config import ShapesConfig
from gaussrep.data.shapes.dataset import Shapes
from gaussrep.data.shapes.render import render_layers, render_view
from gaussrep.data.shapes.scene import FRAME, draw_scene


def scene(seed):
    return draw_scene((2, 6), np.random.default_rng(seed))


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(8, 40))
def test_without_parallax_it_is_the_front_view(seed, size):
    layers = scene(seed)
    front = render_layers(layers, size).image
    np.testing.assert_allclose(render_view(layers, size, np.zeros(2)), front, atol=1e-4)


def test_layers_move_in_proportion_to_their_depth_by_hand():
    """A quarter of the image between the depths 2 and 6: 2, 4 and 6 move by 2, 0 and -2 pixels."""
    backdrop, layer = draw_scene((1, 1), np.random.default_rng(0))
    flat = {"slant": np.zeros(2), "light": np.zeros(2), "falloff": 0.0}
    black, white = np.zeros(3), np.ones(3)
    square = np.array([[0.375, 0.375], [0.625, 0.375], [0.625, 0.625], [0.375, 0.625]])
    backdrop = replace(backdrop, outline=FRAME, color=black, accent=black, **flat)
    for depth, moved in ((2.0, 2), (4.0, 0), (6.0, -2)):
        near = replace(layer, outline=square, color=white, accent=white, depth=depth, **flat)
        seen = render_view([backdrop, near], 16, np.array([0.25, 0.0]))[0]
        expected = np.zeros((16, 16))
        expected[6:10, 6 + moved : 10 + moved] = 1
        np.testing.assert_allclose(seen, expected, atol=1e-6)


def test_a_slanted_plane_is_stretched():
    """Depth 3 at its left and 5 at its right border: these move by a sixteenth and back."""
    backdrop, layer = draw_scene((1, 1), np.random.default_rng(0))
    white = np.ones(3)
    square = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])
    slanted = replace(
        layer, outline=square, center=np.array([0.5, 0.5]), reach=0.25, depth=4.0,
        slant=np.array([1.0, 0.0]), light=np.zeros(2), falloff=0.0, color=white, accent=white,
    )  # fmt: skip
    black = replace(backdrop, color=np.zeros(3), accent=np.zeros(3))
    seen = render_view([black, slanted], 64, np.array([0.25, 0.0]))[0]
    columns = np.flatnonzero(seen[32] > 0.5)
    assert (columns[0], columns[-1]) == (20, 43)


def test_dense_gaussians_at_the_true_depth_explain_the_other_view():
    """One small Gaussian per pixel of the front view, seen by an oblique camera.

    A single scene may be explained as well by the camera from the opposite side, where what
    the front view hides counts for more than what moves; 16 scenes together are not.
    """
    dataset = Shapes(ShapesConfig(image_size=32, views=2, samples=16))
    errors = {sign: [_error_of_the_other_view(s, sign) for s in dataset] for sign in (1, -1)}
    assert np.mean(errors[1]) < 0.8 * np.mean(errors[-1])


def _error_of_the_other_view(sample, sign):
    cells = (torch.arange(32) + 0.5) / 16 - 1
    x, y = torch.meshgrid(cells, cells, indexing="xy")
    count = 32**2
    gaussians = Gaussians(
        means=torch.stack([x, y, (sample["depth"] - 4) / 2], dim=-1).reshape(count, 3),
        quats=torch.tensor([1.0, 0, 0, 0]).expand(count, 4),
        scales=torch.full((count, 3), 1 / 32),
        opacities=torch.full((count,), 0.9),
        colors=sample["image"].permute(1, 2, 0).reshape(count, 3),
    )
    K = torch.tensor([[16.0, 0, 16], [0, 16, 16], [0, 0, 1]])
    viewmat = torch.eye(4)
    viewmat[2, 3], viewmat[:2, 2] = 8, -sign * sample["parallax"][0]
    camera = Cameras(viewmat[None], K[None], 32, 32, model="ortho")
    seen = gr.render(gaussians, camera, "cpu").color[0].permute(2, 0, 1)
    return (seen - sample["other_views"][0]).square()[:, 4:-4, 4:-4].mean().item()


@pytest.mark.parametrize("views", [2, 4])
def test_a_sample_with_views_keeps_its_front_view(views):
    front = Shapes(ShapesConfig(image_size=16))[5]
    sample = Shapes(ShapesConfig(image_size=16, views=views, parallax=0.2))[5]
    assert all(torch.equal(sample[name], value) for name, value in front.items())
    assert sample["other_views"].shape == (views - 1, 3, 16, 16)
    assert sample["other_views"].dtype == sample["parallax"].dtype == torch.float32
    lengths = sample["parallax"].norm(dim=-1)
    assert 0.1 <= lengths.min() <= lengths.max() <= 0.2
