import pytest
import torch

from gaussrep.cuboid import Cuboid
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture, PosedPictures
from gaussrep.fitting.config import StartConfig
from gaussrep.fitting.start import first_gaussians, gaussians_at, random_gaussians

CORNERS = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 2]])


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def test_gaussians_are_as_large_as_their_neighbors_are_far():
    found = gaussians_at(CORNERS, torch.rand(4, 3), StartConfig(scale=0.5, opacity=0.2))
    expected = 0.5 * ((1 + 4 + 4) / 3) ** 0.5
    torch.testing.assert_close(found.scales[0], torch.full((3,), expected))
    assert found.opacities.tolist() == pytest.approx([0.2] * 4)


def test_coinciding_points_have_a_size():
    points = torch.cat([CORNERS, CORNERS, CORNERS, CORNERS])
    assert (gaussians_at(points, torch.rand(16, 3), StartConfig()).scales > 0).all()


def test_random_ones_fill_the_box():
    box = Cuboid(torch.tensor([5.0, 0, 0]), torch.tensor([2.0, 2, 2]))
    found = random_gaussians(box, StartConfig(count=500), chance())
    unit = box.normalize(found.means)
    assert unit.abs().max() <= 0.5
    assert (unit.amax(0) - unit.amin(0) > 0.9).all()


def test_points_are_taken_where_there_are_any(ring):
    pictures = PosedPictures(torch.rand(11, 16, 16, 3), ring)
    points, colors = torch.rand(30, 3) + 7, torch.rand(30, 3)
    capture = Capture(pictures, None, points, colors)
    found = first_gaussians(capture, StartConfig(count=8), chance())
    assert found.count == 8
    rows = [int((points == mean).all(-1).nonzero()) for mean in found.means]
    assert len(set(rows)) == 8
    assert torch.equal(found.colors, colors[rows])
    anywhere = first_gaussians(capture, StartConfig(type="random", count=8), chance())
    assert anywhere.means.max() < 7


def test_refuses_to_start_from_points_that_are_not_there(ring):
    capture = Capture(PosedPictures(torch.rand(11, 16, 16, 3), ring))
    with pytest.raises(DataError, match="no points"):
        first_gaussians(capture, StartConfig(type="points"), chance())


def test_refuses_too_few_points():
    with pytest.raises(DataError, match="3 points"):
        gaussians_at(CORNERS[:3], torch.rand(3, 3), StartConfig())


def test_random_ones_start_smaller_unless_told():
    box = Cuboid(torch.zeros(3), torch.ones(3))
    sizes = [
        random_gaussians(box, StartConfig(count=50, scale=scale), chance()).scales
        for scale in (None, 0.3, 0.6)
    ]
    assert torch.equal(sizes[0], sizes[1])
    torch.testing.assert_close(sizes[2], 2 * sizes[1])
    whole, unit = (gaussians_at(CORNERS, CORNERS, StartConfig(scale=s)) for s in (None, 1.0))
    assert torch.equal(whole.scales, unit.scales)
