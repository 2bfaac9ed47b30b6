import pytest
import torch

from gaussrep.errors import ValueRangeError
from gaussrep_gaussiancross.sparse.grid import sort_voxels

COORDS = torch.tensor([[0, 1, 0], [0, 0, 3], [2, 0, 0], [0, 0, 1]])
SCENE = torch.tensor([0, 0, 0, 1])


def test_voxels_are_sorted_by_scene_then_x_y_z():
    grid, order = sort_voxels(COORDS, SCENE)
    assert order is not None
    assert order.tolist() == [1, 0, 2, 3]
    assert grid.coords.tolist() == [[0, 0, 3], [0, 1, 0], [2, 0, 0], [0, 0, 1]]
    assert grid.scene.tolist() == [0, 0, 0, 1]
    assert bool((grid.keys.diff() > 0).all())


def test_sorted_voxels_stay_as_they_are():
    grid, _ = sort_voxels(COORDS, SCENE)
    _, order = sort_voxels(grid.coords, grid.scene)
    assert order is None


def test_a_step_is_a_fixed_difference_of_keys():
    grid, _ = sort_voxels(torch.tensor([[3, 4, 5], [5, 3, 6]]), torch.tensor([0, 0]))
    assert int(grid.keys[1] - grid.keys[0]) == grid.step(2, -1, 1)


@pytest.mark.parametrize(
    ("coords", "message"),
    [
        ([[0, 0, -1], [0, 0, 0]], "negative"),
        ([[0, 0, 1], [0, 0, 1]], "at the same place"),
        ([], "no voxels"),
    ],
)
def test_impossible_voxels_are_refused(coords, message):
    places = torch.tensor(coords, dtype=torch.int64).reshape(-1, 3)
    with pytest.raises(ValueRangeError, match=message):
        sort_voxels(places, torch.zeros(len(coords), dtype=torch.int64))
