import pytest
import torch

from gaussrep_gaussiancross.backbones.windows import Windows
from gaussrep_gaussiancross.sparse.grid import sort_voxels


@pytest.fixture
def grid(make_cloud):
    cloud = make_cloud(0, 1, side=8, share=0.2)
    return sort_voxels(cloud.coords, cloud.scene)[0]


@pytest.mark.parametrize("turned", [False, True])
def test_every_voxel_has_one_place_in_a_window_of_its_scene(grid, turned):
    windows = Windows(grid, 16, turned=turned)
    seen = windows.rows[windows.filled]
    assert sorted(seen.tolist()) == list(range(grid.count))
    assert torch.equal(windows.rows.flatten()[windows.places], torch.arange(grid.count))
    assert bool(windows.filled.any(1).all())
    for rows, filled in zip(windows.rows, windows.filled, strict=True):
        assert len(grid.scene[rows[filled]].unique()) == 1


def test_windows_of_a_full_grid_are_cubes():
    places = torch.cartesian_prod(*[torch.arange(4)] * 3)
    grid, _ = sort_voxels(places, torch.zeros(64, dtype=torch.int64))
    for row in Windows(grid, 8, turned=False).rows:
        corner = grid.coords[row].amin(0)
        assert bool((corner % 2 == 0).all())
        assert bool((grid.coords[row] - corner <= 1).all())


def test_the_turned_curve_is_another():
    places = torch.cartesian_prod(*[torch.arange(4)] * 3)
    grid, _ = sort_voxels(places, torch.zeros(64, dtype=torch.int64))
    rows, turned = (Windows(grid, 4, turned=turned).rows for turned in (False, True))
    assert not torch.equal(rows, turned)
    assert len(grid.coords[rows[0]][:, 2].unique()) == 1
    assert len(grid.coords[turned[0]][:, 0].unique()) == 1
