import sys

import pytest
import torch
from torch import nn

from gaussrep.errors import CapabilityError, UnavailableError
from gaussrep_gaussiancross.sparse.backend import NativeBackend
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.spconv_backend import SpconvBackend, SpconvModules


@pytest.fixture
def spconv():
    pytest.importorskip("spconv.pytorch", reason="spconv is not installed", exc_type=ImportError)
    return SpconvModules()


def sort_rows(backend, x, level):
    """Rows of one of spconv's levels in the order of a grid; it has an order of its own."""
    scene, *place = backend.indices(level).long().unbind(1)
    return x[(((scene * 100 + place[0]) * 100 + place[1]) * 100 + place[2]).argsort()]


@pytest.mark.parametrize("size", [3, 5])
def test_submanifold_convolutions_agree(make_grid, spconv, size):
    grid = make_grid(side=9)
    conv, norm = SparseConv(6, 8, size), nn.BatchNorm1d(8).eval()
    x = torch.randn(grid.count, 6)
    with torch.no_grad():
        actual = NativeBackend(grid).submanifold(x, conv, norm, 0)
        expected = SpconvBackend(grid, 2, spconv).submanifold(x, conv, norm, 0)
    torch.testing.assert_close(actual, expected)


def test_levels_agree(make_grid, spconv):
    grid = make_grid(side=9)
    down, same, up = SparseConv(6, 8, 2), SparseConv(8, 8, 3), SparseConv(8, 6, 2)
    wide, narrow = nn.BatchNorm1d(8).eval(), nn.BatchNorm1d(6).eval()
    x, found = torch.randn(grid.count, 6), []
    expected = SpconvBackend(grid, 2, spconv)
    with torch.no_grad():
        for backend in (NativeBackend(grid), expected):
            coarse = backend.submanifold(backend.downsample(x, down, wide, 0), same, wide, 1)
            found.append((coarse, backend.upsample(coarse, up, narrow, 1)))
    torch.testing.assert_close(found[0][0], sort_rows(expected, found[1][0], 1))
    torch.testing.assert_close(found[0][1], found[1][1])


def test_gradients_are_refused_on_the_cpu(make_grid, spconv):
    grid = make_grid()
    backend = SpconvBackend(grid, 2, spconv)
    with pytest.raises(CapabilityError, match="spconv has no gradients on the CPU"):
        backend.submanifold(torch.randn(grid.count, 6), SparseConv(6, 8, 3), nn.BatchNorm1d(8), 0)


def test_it_leaves_the_number_of_threads_alone(make_grid, spconv):
    grid, given = make_grid(), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with torch.no_grad():
            SpconvBackend(grid, 2, spconv).submanifold(
                torch.randn(grid.count, 6), SparseConv(6, 8, 3), nn.BatchNorm1d(8).eval(), 0
            )
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(given)


def test_its_absence_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "spconv.pytorch", None)
    with pytest.raises(UnavailableError, match=r"pip install spconv .*engine='auto'"):
        SpconvModules()
