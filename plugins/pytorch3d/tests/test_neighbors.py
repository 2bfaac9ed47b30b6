"""The core finds the same neighbors through PyTorch3D as without."""

import pytest
import torch

from gaussrep import neighbors

pytestmark = pytest.mark.pytorch3d


@pytest.fixture
def counted(monkeypatch):
    """The functions of PyTorch3D that were called."""
    called = []
    real = neighbors._from_pytorch3d

    def counting(name):
        called.append(name)
        return real(name)

    monkeypatch.setattr(neighbors, "_from_pytorch3d", counting)
    return called


@pytest.mark.parametrize(("dimensions", "k"), [(3, 1), (3, 4), (40, 2)])
def test_nearest_neighbors_agree(dimensions, k, counted, monkeypatch):
    monkeypatch.setattr(neighbors, "TREE_DIMENSIONS", 0)
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(300, dimensions, generator=generator)
    queries = torch.randn(70, dimensions, generator=generator)
    found = neighbors.nearest_neighbors(queries, points, k)
    assert counted == ["knn_points"]
    expected = neighbors._by_pairs(queries, points, k)
    assert torch.equal(found.indices, expected.indices)
    torch.testing.assert_close(found.distances, expected.distances)


@pytest.mark.parametrize("first", [0, 123])
def test_farthest_points_agree(first, counted):
    points = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    found = neighbors.farthest_points(points, 30, first)
    assert counted == ["sample_farthest_points"]
    assert torch.equal(found, neighbors._farthest_in_torch(points, 30, first))


def test_double_precision_is_kept(counted):
    points = 1e6 + 1e-4 * torch.arange(50.0, dtype=torch.float64)[:, None].expand(-1, 10)
    found = neighbors.nearest_neighbors(points, points, 2)
    assert counted == []
    assert found.distances[:, 1].min() == pytest.approx(1e-4 * 10**0.5, rel=1e-4)
