import pytest
import torch

import gaussrep as gr

SIZE = 32


@pytest.fixture
def make_gaussians():
    """Round Gaussians of one image: pixel (column, row), depth, RGB, opacity, sigma in pixels."""

    def make(*discs):
        pixels, depths, colors, opacities, sigmas = zip(*discs, strict=True)
        places = (torch.tensor(pixels) + 0.5) / (SIZE / 2) - 1
        means = torch.cat([places, torch.tensor(depths, dtype=torch.float32)[:, None]], dim=1)
        scales = torch.tensor(sigmas, dtype=torch.float32)[:, None].expand(-1, 3) / (SIZE / 2)
        return gr.Gaussians(
            means=means[None],
            quats=torch.tensor([1.0, 0, 0, 0]).expand(1, len(discs), 4),
            scales=scales[None].contiguous(),
            opacities=torch.tensor(opacities, dtype=torch.float32)[None],
            colors=torch.tensor(colors, dtype=torch.float32)[None],
        )

    return make


@pytest.fixture
def disc_on_ground(make_gaussians):
    """A red disc in the middle of gray ground, at given depths."""

    def make(disc_depth, ground_depth):
        gray = [
            ((x, y), ground_depth, (0.5, 0.5, 0.5), 0.95, 2.5)
            for x in range(0, SIZE, 3)
            for y in range(0, SIZE, 3)
        ]
        red = [
            ((x, y), disc_depth, (1.0, 0.0, 0.0), 0.95, 1.5)
            for x in range(12, 21, 2)
            for y in range(12, 21, 2)
        ]
        return make_gaussians(*gray, *red)

    return make
