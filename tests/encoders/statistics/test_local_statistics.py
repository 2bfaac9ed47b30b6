from math import pi, sqrt

import numpy as np
import pytest
import torch

from gaussrep.encoders.statistics import edges, local_statistics


def test_a_flat_picture_has_its_color_and_nothing_else():
    color = torch.tensor([0.2, 0.5, 0.8])
    flat = color.view(1, 3, 1, 1).expand(1, 3, 16, 8)
    statistics = local_statistics(flat, 8)
    assert statistics.shape == (1, 2, 1, 30)
    wanted = torch.zeros(30)
    wanted[0:3] = wanted[6:9] = torch.tensor([0.5, -0.3, -0.45])
    assert torch.allclose(statistics, wanted.expand_as(statistics), atol=1e-3)


def test_a_step_has_the_values_worked_out_by_hand():
    step = (torch.arange(8) >= 4).float().expand(1, 3, 8, 8)
    (statistics,) = local_statistics(step, 8).reshape(-1, 30)
    assert torch.allclose(statistics[0:3], torch.tensor([0.5, 0.0, 0.0]))
    assert torch.allclose(statistics[3:6], torch.tensor([sqrt(0.5), 0.0, 0.0]))
    assert torch.allclose(statistics[6:12], statistics[0:6], atol=1e-4)
    # gradients of 1/2 at 2 of 8, 2 of 4 and 2 of 2 columns; Laplacians of a quarter there
    for level, gradient, laplacian in (
        (0, 1 / 8, 1 / 8),
        (1, 1 / 4, sqrt(1 / 32)),
        (2, 1 / 2, 1 / 4),
    ):
        away = -sqrt(gradient / pi)
        along = sqrt(gradient * (1 - 1 / pi))
        wanted = [sqrt(gradient), along, away, away, away, sqrt(laplacian)]
        assert torch.allclose(statistics[12 + 6 * level :][:6], torch.tensor(wanted), atol=1e-5)


@pytest.mark.parametrize(("x", "y", "direction"), [(1, 0, 0), (1, 1, 1), (0, 1, 2), (-1, 1, 3)])
def test_a_ramp_points_in_its_direction(x, y, direction):
    rows, columns = torch.meshgrid(torch.arange(24.0), torch.arange(24.0), indexing="ij")
    ramp = (0.5 + 0.01 * (x * columns + y * rows))[None, None]
    directed = edges(ramp, 8)[0, 1:5, 1, 1]
    assert directed.argmax() == direction
    assert (directed > 0).sum() == 1


def test_a_cell_agrees_with_plain_loops():
    images = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(3))
    statistics = local_statistics(images, 8)[0, 1, 1].numpy()
    red, green, blue = images[0].double().numpy()
    colors = [(red + green + blue) / 3, red - green, (red + green) / 2 - blue]
    for k, color in enumerate(colors):
        inner = color[8:16, 8:16]
        assert statistics[k] == pytest.approx(inner.mean(), abs=1e-6)
        assert statistics[3 + k] == pytest.approx(sqrt(inner.std()), abs=1e-5)
        assert statistics[6 + k] == pytest.approx(color.mean(), abs=1e-6)
        assert statistics[9 + k] == pytest.approx(sqrt(color.std()), abs=1e-5)
    gray = colors[0]
    for level in range(3):
        assert statistics[12 + 6 * level :][:6] == pytest.approx(middle_edges(gray), abs=1e-5)
        gray = (gray[::2, ::2] + gray[1::2, ::2] + gray[::2, 1::2] + gray[1::2, 1::2]) / 4


def middle_edges(gray):
    """The edges of the middle one of three by three cells, pixel by pixel."""
    cell = len(gray) // 3
    sums, lengths, laplacians = np.zeros(4), 0.0, 0.0
    for r in range(cell, 2 * cell):
        for c in range(cell, 2 * cell):
            dx, dy = (gray[r, c + 1] - gray[r, c - 1]) / 2, (gray[r + 1, c] - gray[r - 1, c]) / 2
            length, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
            sums += length * np.maximum(np.cos(2 * (angle - np.arange(4) * pi / 4)), 0)
            lengths += length
            around = gray[r, c + 1] + gray[r, c - 1] + gray[r + 1, c] + gray[r - 1, c]
            laplacians += (around / 4 - gray[r, c]) ** 2
    directed = (sums - lengths / pi) / cell**2
    roots = np.sign(directed) * np.sqrt(np.abs(directed))
    return [sqrt(lengths / cell**2), *roots, sqrt(sqrt(laplacians / cell**2))]


def test_a_shift_by_whole_cells_shifts_the_map():
    images = torch.rand(1, 3, 64, 80, generator=torch.Generator().manual_seed(0))
    before = local_statistics(images, 8)
    after = local_statistics(images.roll((8, 16), (2, 3)), 8)
    assert torch.allclose(after[:, 2:-1, 3:-1], before[:, 1:-2, 1:-3], atol=1e-5)
    assert not torch.allclose(after[:, 2:-1, 3:-1], before[:, 2:-1, 3:-1], atol=1e-2)
