import pytest
import torch

from gaussrep.fitting import neighbours


@pytest.mark.parametrize("way", ["_by_tree", "_by_pairs"])
@pytest.mark.parametrize("k", [1, 3])
def test_agrees_with_sorting_all_distances(way, k, monkeypatch):
    monkeypatch.setattr(neighbours, "PAIRS", 200)  # several parts
    points = torch.randn(60, 3, generator=torch.Generator().manual_seed(0)) + 100
    expected = (points[:, None] - points[None]).norm(dim=-1).sort(-1).values[:, 1 : k + 1]
    torch.testing.assert_close(getattr(neighbours, way)(points, k), expected)


def test_works_without_scipy(monkeypatch):
    points = torch.rand(20, 3)
    with_scipy = neighbours.neighbour_distances(points)
    monkeypatch.setattr(neighbours, "find_spec", lambda name: None)
    monkeypatch.setattr(neighbours, "_by_tree", None)
    torch.testing.assert_close(neighbours.neighbour_distances(points), with_scipy)


def test_coinciding_points_are_at_distance_0():
    assert not neighbours.neighbour_distances(torch.ones(5, 3)).any()
