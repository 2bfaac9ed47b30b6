import pytest
import torch

from gaussrep.config import resolve
from gaussrep.errors import ValueRangeError
from gaussrep_gaussiancross.anchors import MIN_SIDE, AnchorGrid, mean_colors, scatter_mean
from gaussrep_gaussiancross.scene_batch import SceneBatch


def config(**settings):
    return resolve("methods", {"type": "gaussiancross", "anchors": (8, 6, 4), **settings})


@pytest.fixture
def scenes(make_batch):
    return SceneBatch.of(make_batch())


def test_a_box_divides_what_the_points_fill(scenes):
    place = AnchorGrid.of(scenes, config())
    sides = place.cell * torch.tensor([8.0, 6, 4])
    torch.testing.assert_close(sides[0], torch.tensor([1.0, 0.75, 0.5]), atol=0.02, rtol=0)
    torch.testing.assert_close(place.cuboid.size[0].max(), torch.tensor(4.0), atol=0.05, rtol=0)


def test_a_cube_is_divided_whole(scenes):
    place = AnchorGrid.of(scenes, config(grid_extent="cube"))
    torch.testing.assert_close(place.low, torch.full((2, 3), -0.5))
    torch.testing.assert_close(place.cell[1], 1 / torch.tensor([8.0, 6, 4]))


@pytest.mark.parametrize("grid_extent", ["box", "cube"])
@pytest.mark.parametrize("normalize", [True, False])
def test_every_point_lies_half_a_cell_from_its_anchor(scenes, grid_extent, normalize):
    place = AnchorGrid.of(scenes, config(grid_extent=grid_extent, normalize=normalize))
    cell, inside = place.cells_of(scenes.points, scenes.scene)
    assert inside.all()
    anchors = place.anchors()
    assert anchors.shape == (2, 192, 3)
    points = (scenes.points - place.cuboid.center[scenes.scene]) * place.cuboid.scale[scenes.scene]
    away = (points - anchors.view(-1, 3)[cell]).abs() / place.cell[scenes.scene]
    assert away.max() < 0.502
    if not normalize:
        torch.testing.assert_close(points, scenes.points)


def test_points_outside_are_told(scenes):
    place = AnchorGrid.of(scenes, config())
    far = scenes.points[:3] + torch.tensor([[0.0, 0, 0], [50, 0, 0], [0, -50, 0]])
    assert place.cells_of(far, scenes.scene[:3])[1].tolist() == [True, False, False]


def test_a_flat_scene_has_cells_of_some_height(scenes):
    flat = SceneBatch(
        scenes.points * torch.tensor([1.0, 1, 0]), scenes.inputs, scenes.scene, scenes.scenes
    )
    place = AnchorGrid.of(flat, config())
    torch.testing.assert_close(place.cell[:, 2], torch.full((2,), MIN_SIDE / 4))


def test_a_scene_of_one_place_is_refused(scenes):
    still = SceneBatch(0 * scenes.points, scenes.inputs, scenes.scene, scenes.scenes)
    with pytest.raises(ValueRangeError, match="all coincide"):
        AnchorGrid.of(still, config())


def test_cells_hold_the_mean_of_their_points(scenes):
    place = AnchorGrid.of(scenes, config())
    features = torch.randn(len(scenes.points), 5)
    volume = scatter_mean(features, scenes, place)
    assert volume.features.shape == (2, 5, 8, 6, 4)
    cells, _ = place.cells_of(scenes.points, scenes.scene)
    flat = volume.features.movedim(1, -1).reshape(-1, 5)
    chosen = int(cells[1000])
    torch.testing.assert_close(flat[chosen], features[cells == chosen].mean(0))
    empty = sorted(set(range(384)) - set(cells.tolist()))
    assert empty
    assert not flat[empty].any()
    assert (~volume.occupied).view(-1).nonzero()[:, 0].tolist() == empty


def test_empty_cells_are_gray(scenes):
    place = AnchorGrid.of(scenes, config())
    cells, _ = place.cells_of(scenes.points, scenes.scene)
    found = mean_colors(scenes, place).view(-1, 3)
    chosen = int(cells[1000])
    wanted = (scenes.inputs[cells == chosen, :3].mean(0) + 1) / 2
    torch.testing.assert_close(found[chosen], wanted)
    empty = cells.bincount(minlength=384) == 0
    assert (found[empty] == 0.5).all()
