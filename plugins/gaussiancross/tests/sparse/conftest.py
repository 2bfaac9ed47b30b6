import pytest
import torch

from gaussrep_gaussiancross.sparse.kernel_map import Grid, sort_voxels


@pytest.fixture
def make_grid():
    """Random voxels of several scenes."""

    def make(*, side: int = 6, share: float = 0.3, scenes: int = 2, seed: int = 0) -> Grid:
        generator = torch.Generator().manual_seed(seed)
        occupied = torch.rand(scenes, side, side, side, generator=generator) < share
        found = occupied.nonzero()
        grid, order = sort_voxels(found[:, 1:], found[:, 0])
        assert order is None
        return grid

    return make
