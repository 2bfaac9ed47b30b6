from math import pi, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from gaussrep.data.crops import to_tensor
from gaussrep.data.image_files import read_image
from gaussrep.encoders.resizing import resize_to_patch_grid
from gaussrep.encoders.statistics import (
    MEAN,
    STD,
    StatisticsEncoder,
    edges,
    local_statistics,
    orthonormal,
)
from gaussrep.encoders.teacher_config import StatisticsConfig


def test_a_flat_image_has_its_color_and_nothing_else():
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


IMAGES = (
    "astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "motorcycle_left.png",
    "rocket.jpg",
)  # fmt: skip


def test_the_numbers_are_those_of_the_images():
    skimage = pytest.importorskip("skimage")
    folder = Path(skimage.__file__).parent / "data"
    firsts, seconds = [], []
    for name in IMAGES:
        image = to_tensor(read_image(folder / name))[None]
        for side in (160, 640):
            statistics = (
                local_statistics(resize_to_patch_grid(image, 8, side), 8).flatten(0, 2).double()
            )
            firsts.append(statistics.mean(0))
            seconds.append(statistics.square().mean(0))
    mean, second = torch.stack(firsts).mean(0), torch.stack(seconds).mean(0)
    assert torch.allclose(mean, torch.tensor(MEAN).double(), atol=1e-3)
    assert torch.allclose((second - mean**2).sqrt(), torch.tensor(STD).double(), atol=1e-3)


NOISE = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def encoder(**settings):
    return StatisticsEncoder(StatisticsConfig(**settings))


def test_vectors_are_standardized_projected_and_of_length_one():
    features = encoder(seed=3)(NOISE)
    assert features.shape == (1, 8, 8, 32)
    assert torch.allclose(features.norm(dim=-1), torch.ones(1, 8, 8))
    standard = (local_statistics(NOISE, 8) - torch.tensor(MEAN)) / torch.tensor(STD)
    wanted = functional.normalize(standard @ orthonormal(30, 32, 3), dim=-1)
    assert torch.allclose(features, wanted, atol=1e-6)


def test_the_seed_decides():
    assert torch.equal(encoder(seed=1)(NOISE), encoder(seed=1)(NOISE))
    assert not torch.allclose(encoder(seed=1)(NOISE), encoder(seed=2)(NOISE), atol=0.1)
    first = encoder().projection[:2, :4]
    wanted = [[0.0242, -0.1942, -0.0839, -0.0553], [-0.0247, -0.0097, -0.1808, 0.2646]]
    assert torch.allclose(first, torch.tensor(wanted), atol=1e-4)


@pytest.mark.parametrize(("rows", "columns"), [(30, 32), (30, 30), (30, 5)])
def test_the_projection_is_orthonormal(rows, columns):
    matrix = orthonormal(rows, columns, 0)
    assert matrix.shape == (rows, columns)
    gram = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    assert torch.allclose(gram, torch.eye(min(rows, columns)), atol=1e-5)


@pytest.mark.parametrize(
    ("cell", "size", "grid"), [(8, (61, 130), (8, 16)), (16, (32, 48), (2, 3))]
)
def test_any_size_becomes_a_grid(cell, size, grid):
    features = encoder(cell=cell)(torch.rand(2, 3, *size))
    assert features.shape == (2, *grid, 32)


def textures():
    """Five textures, two images of each."""
    columns = torch.arange(64).expand(64, 64)
    generator = torch.Generator().manual_seed(1)
    grain = torch.rand(2, 1, 64, 64, generator=generator)
    stripes = ((columns + torch.tensor([0, 1])[:, None, None]) % 4 < 2).float()[:, None]
    return {
        "upright stripes": stripes.expand(2, 3, 64, 64),
        "lying stripes": stripes.mT.expand(2, 3, 64, 64),
        "grain": grain.expand(2, 3, 64, 64),
        "red grain": grain * torch.tensor([1.0, 0.1, 0.1]).view(3, 1, 1),
        "flat": torch.tensor([0.4, 0.41]).view(2, 1, 1, 1).expand(2, 3, 64, 64),
    }


def test_alike_textures_are_near_and_others_far():
    inner = {name: encoder()(images)[:, 1:-1, 1:-1] for name, images in textures().items()}
    flat = {name: maps.flatten(1, 2) for name, maps in inner.items()}
    for name, (first, second) in flat.items():
        alike = (first @ second.T).mean()
        assert alike > 0.8, name
        for other, (third, _) in flat.items():
            if other != name:
                assert (first @ third.T).mean() < alike - 0.2, (name, other)
