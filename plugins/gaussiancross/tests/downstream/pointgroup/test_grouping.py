import pytest
import torch

from gaussrep_gaussiancross.downstream.config import PointGroupConfig
from gaussrep_gaussiancross.downstream.pointgroup.grouping import grouped


def config(**settings):
    settings = {"body": "feeler", "classes": 3, "radius": 0.1, "least_points": 3, **settings}
    return PointGroupConfig(**settings)


@pytest.mark.usefixtures("rooms")
def test_clusters_of_each_class_by_hand():
    """Two heaps of class 1; one of them has a point of class 2 in it; class 0 is stuff."""
    places = torch.tensor([0.0] * 4 + [5.0] * 3 + [0.0] * 1 + [9.0] * 3)
    moved = torch.stack([places, torch.zeros(11), torch.zeros(11)], dim=1)
    shares = torch.zeros(11, 3)
    shares[:7, 1] = torch.tensor([0.6, 0.8, 0.6, 0.8, 0.9, 0.9, 0.9])
    shares[7, 2] = 1.0
    shares[8:, 0] = 1.0
    found = grouped(moved, shares, config(stuff=(0,)))
    assert found.labels.tolist() == [1, 1]
    assert found.masks.sum(1).tolist() == [4, 3]
    assert found.masks[0].nonzero().squeeze(1).tolist() == [0, 1, 2, 3]
    assert found.scores.tolist() == pytest.approx([0.7, 0.9])
    assert grouped(moved, shares, config(stuff=())).labels.tolist() == [0, 1, 1]
    assert grouped(moved, shares, config(stuff=(0,), least_points=4)).labels.tolist() == [1]


@pytest.mark.usefixtures("rooms")
def test_nothing_found():
    found = grouped(torch.zeros(2, 3), torch.ones(2, 3) / 3, config())
    assert found.masks.shape == (0, 2)
    assert found.labels.shape == found.scores.shape == (0,)
