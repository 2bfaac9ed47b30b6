import pytest
import torch

from gaussrep_gaussiancross.report.report_scene import (
    MARGIN,
    POINT_SCALE,
    SIZE,
    ReportCamera,
    corners,
    point_radius,
    point_splats,
    wire_frame,
)


def test_points_become_opaque_balls():
    points = torch.rand(5, 3)
    found = point_splats(points, torch.rand(5, 3), 0.2)
    assert found.means is points
    assert (found.opacities == 1).all()
    torch.testing.assert_close(found.covariances(), 0.04 * torch.eye(3).expand(5, 3, 3))


def test_radius_follows_the_distance_to_neighbors():
    grid = torch.cartesian_prod(torch.arange(20.0), torch.arange(20.0), torch.zeros(1))
    assert point_radius(grid) == pytest.approx(min(POINT_SCALE, 19 * 2**0.5 / 40))
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


LOW, HIGH = torch.tensor([1.0, -2, 0]), torch.tensor([5.0, 1, 2.5])


@pytest.mark.parametrize(
    "camera", [ReportCamera.elevated(LOW, HIGH), ReportCamera.above(LOW, HIGH)]
)
def test_a_box_just_fits_in(camera):
    places = camera.project(corners(LOW, HIGH))[:, :2]
    low, high = places.aminmax(dim=0)
    assert (low > MARGIN - 1e-4).all()
    assert (high < 1 - MARGIN + 1e-4).all()
    assert float((high - low).amax()) == pytest.approx(1 - 2 * MARGIN, abs=1e-4)
    torch.testing.assert_close((low + high) / 2, torch.tensor([0.5, 0.5]))


def test_x_is_right_and_y_is_up_on_a_plan():
    places = ReportCamera.above(LOW, HIGH).project(
        torch.tensor([[1.0, -2, 0], [5, -2, 0], [1, 1, 0]])
    )
    assert places[1, 0] > places[0, 0]
    assert places[2, 1] < places[0, 1]


def test_ceiling_and_near_walls_are_cut_away():
    camera = ReportCamera.elevated(LOW, HIGH)
    floor, ceiling, near_wall, far_wall = [0.0, 0, 1], [0.0, 0, -1], [0.0, 1, 0], [0.0, -1, 0]
    normals = torch.tensor([floor, ceiling, near_wall, far_wall, [0.0, 0, 0]])
    assert camera.is_visible(normals).tolist() == [True, False, False, True, True]
    assert ReportCamera.above(LOW, HIGH).is_visible(normals).tolist() == [
        True,
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "camera", [ReportCamera.elevated(LOW, HIGH), ReportCamera.above(LOW, HIGH)]
)
def test_points_are_drawn_where_they_are_reported_to_be(camera):
    point = torch.tensor([[2.0, 0, 1.0]])
    image = camera.render(point_splats(point, torch.tensor([[1.0, 0, 0]]), 0.05))
    assert image.shape == (2 * SIZE[1], 2 * SIZE[0], 3)
    assert (image[0, 0] == 1).all()
    x, y = (camera.project(point)[0, :2] * torch.tensor([2 * SIZE[0], 2 * SIZE[1]])).long().tolist()
    torch.testing.assert_close(image[y, x], torch.tensor([1.0, 0, 0]), atol=0.02, rtol=0)
