import pytest
import torch
from torch import nn

from gaussrep.errors import ValueRangeError
from gaussrep_gaussiancross.sparse.backend import NativeBackend, convolve_with_epilogue
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.kernel_map import sort_voxels, submanifold_map


@pytest.fixture
def norm():
    norm = nn.BatchNorm1d(20, eps=0.1)
    for tensor in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(tensor)
    nn.init.uniform_(norm.running_var, 0.5, 2.0)
    return norm.eval()


@pytest.mark.parametrize("is_added", [True, False])
def test_one_pass_is_the_same_as_one_step_after_the_other(make_grid, norm, is_added):
    grid = make_grid(side=8)
    kernel_map, conv = submanifold_map(grid, 3), SparseConv(5, 20, 3)
    nn.init.normal_(conv.weight)
    x = torch.randn(grid.count, 5)
    added = torch.randn(grid.count, 20) if is_added else None
    apart = convolve_with_epilogue(x, conv, norm, kernel_map, added)
    with torch.no_grad():
        fused = convolve_with_epilogue(x, conv, norm, kernel_map, added)
    assert apart.requires_grad
    assert not fused.requires_grad
    torch.testing.assert_close(fused, apart, rtol=1e-4, atol=1e-4)
    assert fused.min() == 0


def test_training_updates_the_running_mean(make_grid, norm):
    grid = make_grid()
    before = norm.running_mean.clone()
    with torch.no_grad():
        convolve_with_epilogue(
            torch.randn(grid.count, 5),
            SparseConv(5, 20, 3),
            norm.train(),
            submanifold_map(grid, 3),
        )
    assert not torch.equal(norm.running_mean, before)


def test_training_on_a_single_voxel_is_refused(make_grid, norm):
    grid = make_grid(side=1, share=1.1, scenes=1)
    with pytest.raises(ValueRangeError, match="a single voxel is left"):
        convolve_with_epilogue(
            torch.randn(1, 5), SparseConv(5, 20, 3), norm.train(), submanifold_map(grid, 3)
        )


def test_a_voxel_has_the_features_of_the_coarser_voxels_that_hold_it():
    grid, _ = sort_voxels(
        torch.tensor([[0, 0, 0], [1, 1, 0], [2, 0, 0], [6, 0, 0]]), torch.zeros(4).int()
    )
    levels = [
        torch.tensor([[1.0], [2.0], [3.0], [4.0]]),
        torch.tensor([[10.0], [20.0], [30.0]]),  # x from 0, from 2, from 6
        torch.tensor([[100.0], [200.0]]),  # x from 0, from 4
    ]
    joined = NativeBackend(grid).join_levels(levels)
    assert joined.tolist() == [[1, 10, 100], [2, 10, 100], [3, 20, 100], [4, 30, 200]]
