import sys

import pytest
import torch
from torch import nn

from gaussrep.errors import CapabilityError, UnavailableError
from gaussrep_gaussiancross.sparse.backend import OwnSpace
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.spconv_backend import Spconv, SpconvSpace


@pytest.fixture
def spconv():
    pytest.importorskip("spconv.pytorch", reason="spconv is not installed", exc_type=ImportError)
    return Spconv()


def sort_rows(space, x, level):
    """Rows of one of spconv's levels in the order of a grid; it has an order of its own."""
    scene, *place = space.indices(level).long().unbind(1)
    return x[(((scene * 100 + place[0]) * 100 + place[1]) * 100 + place[2]).argsort()]


@pytest.mark.parametrize("size", [3, 5])
def test_submanifold_convolutions_agree(make_grid, spconv, size):
    grid = make_grid(side=9)
    conv, norm = SparseConv(6, 8, size), nn.BatchNorm1d(8).eval()
    x = torch.randn(grid.count, 6)
    with torch.no_grad():
        ours = OwnSpace(grid).same(x, conv, norm, 0)
        theirs = SpconvSpace(grid, 2, spconv).same(x, conv, norm, 0)
    torch.testing.assert_close(ours, theirs)


def test_levels_agree(make_grid, spconv):
    grid = make_grid(side=9)
    down, same, up = SparseConv(6, 8, 2), SparseConv(8, 8, 3), SparseConv(8, 6, 2)
    wide, narrow = nn.BatchNorm1d(8).eval(), nn.BatchNorm1d(6).eval()
    x, found = torch.randn(grid.count, 6), []
    theirs = SpconvSpace(grid, 2, spconv)
    with torch.no_grad():
        for space in (OwnSpace(grid), theirs):
            coarse = space.same(space.down(x, down, wide, 0), same, wide, 1)
            found.append((coarse, space.up(coarse, up, narrow, 1)))
    torch.testing.assert_close(found[0][0], sort_rows(theirs, found[1][0], 1))
    torch.testing.assert_close(found[0][1], found[1][1])


def test_gradients_are_refused_on_the_cpu(make_grid, spconv):
    grid = make_grid()
    space = SpconvSpace(grid, 2, spconv)
    with pytest.raises(CapabilityError, match="spconv has no gradients on the CPU"):
        space.same(torch.randn(grid.count, 6), SparseConv(6, 8, 3), nn.BatchNorm1d(8), 0)


def test_it_leaves_the_number_of_threads_alone(make_grid, spconv):
    grid, given = make_grid(), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with torch.no_grad():
            SpconvSpace(grid, 2, spconv).same(
                torch.randn(grid.count, 6), SparseConv(6, 8, 3), nn.BatchNorm1d(8).eval(), 0
            )
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(given)


def test_its_absence_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "spconv.pytorch", None)
    with pytest.raises(UnavailableError, match=r"pip install spconv .*engine='auto'"):
        Spconv()
