from itertools import product

import pytest
import torch

from gaussrep.errors import ValueRangeError
from gaussrep_gaussiancross.sparse.kernel_map import Grid, downsample, sort_voxels, submanifold_map

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


def expected(grid, size):
    """The table by looking every neighbor up, in the order of the kernel."""
    voxels = [
        (scene, *place)
        for scene, place in zip(grid.scene.tolist(), grid.coords.tolist(), strict=True)
    ]
    rows = {voxel: row for row, voxel in enumerate(voxels)}
    reach = size // 2
    lists = []
    for dx, dy, dz in product(range(-reach, reach + 1), repeat=3):
        moved = [(s, x + dx, y + dy, z + dz) for s, x, y, z in voxels]
        lists.append([(rows[to], row) for row, to in enumerate(moved) if to in rows])
    return lists


@pytest.mark.parametrize("pure_torch", [True, False])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_table_lists_the_neighbors_of_the_same_scene(make_grid, size, pure_torch):
    grid = make_grid()
    kernel_map = submanifold_map(grid, size, pure_torch=pure_torch)
    wanted = expected(grid, size)
    assert kernel_map.offsets == size**3
    for offset, rows in enumerate(wanted):
        part = slice(kernel_map.starts[offset], kernel_map.starts[offset + 1])
        found = zip(
            kernel_map.inputs[part].tolist(), kernel_map.outputs[part].tolist(), strict=True
        )
        assert list(found) == rows


@pytest.mark.parametrize("pure_torch", [True, False])
def test_a_full_grid_has_every_neighbor(make_grid, pure_torch):
    kernel_map = submanifold_map(make_grid(side=4, share=1.1, scenes=1), 3, pure_torch=pure_torch)
    assert kernel_map.starts[-1] == (2 * 3 + 4) ** 3


@pytest.mark.parametrize("size", [2, 7])
def test_other_sizes_are_refused(make_grid, size):
    with pytest.raises(ValueError, match=f"size is {size}, expected 1, 3 or 5"):
        submanifold_map(make_grid(), size)


def test_eight_voxels_become_one():
    coords = torch.tensor([[0, 0, 0], [0, 0, 1], [1, 1, 1], [2, 0, 0], [0, 0, 1]])
    coarser = downsample(Grid(coords, torch.tensor([0, 0, 0, 0, 1])))
    assert coarser.grid.coords.tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert coarser.grid.scene.tolist() == [0, 0, 1]
    kernel_map = coarser.kernel_map
    assert kernel_map.starts == (0, 2, 4, 4, 4, 4, 4, 4, 5)
    assert kernel_map.inputs.tolist() == [0, 3, 1, 4, 2]
    assert kernel_map.outputs.tolist() == [0, 1, 0, 2, 0]


def test_every_voxel_has_the_parent_at_half_its_place(make_grid):
    grid = make_grid()
    coarser = downsample(grid)
    fine, coarse = coarser.kernel_map.inputs.long(), coarser.kernel_map.outputs.long()
    assert sorted(fine.tolist()) == list(range(grid.count))
    assert torch.equal(coarser.grid.coords[coarse], grid.coords[fine] // 2)
    assert torch.equal(coarser.grid.scene[coarse], grid.scene[fine])
    assert bool((coarser.grid.keys.diff() > 0).all())


def test_lists_rise_on_both_sides(make_grid):
    kernel_map = downsample(make_grid(side=9)).kernel_map
    for start, end in zip(kernel_map.starts, kernel_map.starts[1:], strict=False):
        assert bool((kernel_map.inputs[start:end].diff() > 0).all())
        assert bool((kernel_map.outputs[start:end].diff() > 0).all())
