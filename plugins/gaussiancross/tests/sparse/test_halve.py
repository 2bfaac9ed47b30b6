import torch

from gaussrep_gaussiancross.sparse.grid import Grid
from gaussrep_gaussiancross.sparse.halve import halve


def test_eight_voxels_become_one():
    coords = torch.tensor([[0, 0, 0], [0, 0, 1], [1, 1, 1], [2, 0, 0], [0, 0, 1]])
    halved = halve(Grid(coords, torch.tensor([0, 0, 0, 0, 1])))
    assert halved.grid.coords.tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert halved.grid.scene.tolist() == [0, 0, 1]
    pairs = halved.pairs
    assert pairs.starts == (0, 2, 4, 4, 4, 4, 4, 4, 5)
    assert pairs.inputs.tolist() == [0, 3, 1, 4, 2]
    assert pairs.outputs.tolist() == [0, 1, 0, 2, 0]


def test_every_voxel_has_the_parent_at_half_its_place(make_grid):
    grid = make_grid()
    halved = halve(grid)
    fine, coarse = halved.pairs.inputs.long(), halved.pairs.outputs.long()
    assert sorted(fine.tolist()) == list(range(grid.count))
    assert torch.equal(halved.grid.coords[coarse], grid.coords[fine] // 2)
    assert torch.equal(halved.grid.scene[coarse], grid.scene[fine])
    assert bool((halved.grid.keys.diff() > 0).all())


def test_lists_rise_on_both_sides(make_grid):
    pairs = halve(make_grid(side=9)).pairs
    for start, end in zip(pairs.starts, pairs.starts[1:], strict=False):
        assert bool((pairs.inputs[start:end].diff() > 0).all())
        assert bool((pairs.outputs[start:end].diff() > 0).all())
