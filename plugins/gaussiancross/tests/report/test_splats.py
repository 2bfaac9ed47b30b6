import pytest
import torch

from gaussrep_gaussiancross.report.splats import COVER, corners, point_radius, splats, wire_frame


def test_points_become_opaque_balls():
    points = torch.rand(5, 3)
    found = splats(points, torch.rand(5, 3), 0.2)
    assert found.means is points
    assert (found.opacities == 1).all()
    torch.testing.assert_close(found.covariances(), 0.04 * torch.eye(3).expand(5, 3, 3))


def test_radius_follows_the_distance_to_neighbors():
    grid = torch.cartesian_prod(torch.arange(20.0), torch.arange(20.0), torch.zeros(1))
    assert point_radius(grid) == pytest.approx(min(COVER, 19 * 2**0.5 / 40))
    assert point_radius(torch.cat([grid, grid])) == point_radius(grid)
    assert point_radius(torch.tensor([[0.0, 0, 0], [4, 0, 0]])) == pytest.approx(0.1)


def test_a_frame_has_twelve_edges():
    low, high = torch.zeros(3), torch.tensor([2.0, 1, 0.5])
    frame = wire_frame(low, high).means
    assert (frame.amin(0) == low).all()
    assert (frame.amax(0) == high).all()
    ends = ((frame == low) | (frame == high)).sum(1)
    assert (ends >= 2).all()
    assert int((ends == 3).sum()) == 2 * 12
    assert (torch.cdist(corners(low, high), frame).amin(1) == 0).all()
