"""What finds neighbors; the same with PyTorch3D is tested in its plugin."""

import pytest
import torch

from gaussrep import neighbors
from gaussrep.errors import ShapeError
from gaussrep.neighbors import farthest_points, nearest_neighbors, spacing


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def only_torch(monkeypatch):
    """As if neither SciPy nor PyTorch3D were installed."""
    monkeypatch.setattr(neighbors, "find_spec", lambda name: None)
    neighbors._from_pytorch3d.cache_clear()
    yield
    neighbors._from_pytorch3d.cache_clear()


def sorted_distances(queries, points, k):
    found = (queries[:, None] - points[None]).norm(dim=-1).sort(-1)
    return found.values[:, :k], found.indices[:, :k]


@pytest.mark.parametrize("way", ["_by_tree", "_by_pairs"])
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_sorting_all_distances(way, k, dtype, monkeypatch):
    monkeypatch.setattr(neighbors, "PAIRS", 200)  # several parts
    points, queries = random(60, 3).to(dtype) + 100, random(21, 3, seed=1).to(dtype) + 100
    found = getattr(neighbors, way)(queries, points, k)
    distances, indices = sorted_distances(queries, points, k)
    torch.testing.assert_close(found.distances, distances)
    assert torch.equal(found.indices, indices)


@pytest.mark.parametrize("dimensions", [3, 40])
def test_needs_neither_library(only_torch, dimensions):
    points, queries = random(50, dimensions), random(7, dimensions, seed=1).requires_grad_()
    found = nearest_neighbors(queries, points, 2)
    assert torch.equal(found.indices, sorted_distances(queries, points, 2)[1])
    assert not found.distances.requires_grad


def test_points_that_coincide_are_at_distance_0():
    assert not nearest_neighbors(torch.ones(5, 3), torch.ones(5, 3), 4).distances.any()


@pytest.mark.parametrize("side", [8, 33, 101])
def test_spacing_of_few_and_many_points(side):
    axis = torch.arange(float(side))
    points = 0.5 * torch.cartesian_prod(axis, axis)
    at_corner = torch.tensor((0.5**2 + 0.5**2 + 0.5) / 3).sqrt()
    found = spacing(points).view(side, side)
    torch.testing.assert_close(found[1:-1], torch.full((side - 2, side), 0.5))
    torch.testing.assert_close(found[0, 0], at_corner)


def test_spacing_is_that_of_the_others():
    grid = torch.cartesian_prod(*[torch.arange(4.0)] * 3)
    assert torch.equal(spacing(grid), torch.ones(64))  # a corner has three at distance 1
    line = torch.tensor([[0.0], [1.0], [3.0]])
    torch.testing.assert_close(spacing(line, 2), torch.tensor([5.0, 2.5, 6.5]).sqrt())


def test_spacing_of_clusters_and_of_points_that_coincide():
    points = torch.cat([scale * random(200, 3, seed=scale) for scale in (1, 5, 100)])
    points = torch.cat([points, points[:150], torch.zeros(140, 3)])
    distances = sorted_distances(points.double(), points.double(), 4)[0][:, 1:]
    expected = distances.square().mean(1).sqrt().float()
    torch.testing.assert_close(spacing(points), expected)
    assert not spacing(points)[-140:].any()


@pytest.mark.parametrize("k", [0, 6])
def test_more_neighbors_than_points_are_refused(k):
    with pytest.raises(ShapeError, match=f"k is {k} for 5 points"):
        nearest_neighbors(torch.ones(2, 3), torch.ones(5, 3), k)


@pytest.mark.parametrize("first", [0, 17])
def test_each_farthest_point_is_the_farthest_from_those_before(only_torch, first):
    points = random(80, 3)
    chosen = farthest_points(points, 12, first)
    assert chosen[0] == first
    for number in range(1, 12):
        apart = torch.cdist(points, points[chosen[:number]]).amin(1)
        assert apart[chosen[number]] == apart.max()


def test_all_points_can_be_chosen():
    assert sorted(farthest_points(random(9, 2), 9).tolist()) == list(range(9))


@pytest.mark.parametrize(("count", "first"), [(0, 0), (6, 0), (2, 5), (2, -1)])
def test_points_that_are_not_there_are_refused(count, first):
    with pytest.raises(ShapeError, match=f"count is {count} and first is {first} for 5 points"):
        farthest_points(torch.ones(5, 3), count, first)


def test_a_pytorch3d_that_does_not_import_is_done_without(monkeypatch, caplog):
    def broken(name):
        raise ImportError(f"{name}: undefined symbol")

    monkeypatch.setattr(neighbors, "find_spec", lambda name: name == "pytorch3d")
    monkeypatch.setattr(neighbors, "import_module", broken)
    neighbors._from_pytorch3d.cache_clear()
    assert len(farthest_points(random(30, 2), 4)) == 4
    assert "PyTorch3D cannot be imported (pytorch3d.ops: undefined symbol)" in caplog.text
    neighbors._from_pytorch3d.cache_clear()
