import pytest
import torch

from gaussrep.rendering import project
from gaussrep.rendering.compositing import blend_channels, pixel_centers, sort_by_depth
from gaussrep.testing.scenes import random_scene
from gaussrep_pytorch3d.renderer import composite

COUNT, SIZE = 4, (4, 3)


@pytest.mark.parametrize("max_pairs", [5, 10**6])
def test_derivatives_are_those_of_differences(max_pairs):
    scene = random_scene(21, count=COUNT, size=SIZE)
    projection = project(scene.gaussians, scene.cameras)
    mixed = blend_channels(scene.gaussians, scene.cameras, projection.depths)
    rows = sort_by_depth(projection, mixed).detach().requires_grad_()
    pixels = pixel_centers(*SIZE, rows)
    lists = torch.arange(COUNT).expand(len(rows), len(pixels), -1)

    def blended(rows):
        return composite(rows, lists, pixels, max_pairs)

    assert blended(rows).max() > 0.05
    assert torch.autograd.gradcheck(blended, rows)
    assert torch.autograd.gradgradcheck(blended, rows)
