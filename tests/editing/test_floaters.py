import numpy as np
import pytest
import torch
from scipy.spatial import KDTree

from gaussrep.editing import remove_floaters
from gaussrep.errors import ShapeError, ValueRangeError
from gaussrep.gaussians import Gaussians


@pytest.fixture
def room(make):
    """500 Gaussians in a cube, and five floaters from near to very far."""
    generator = torch.Generator().manual_seed(0)
    means = torch.rand(505, 3, generator=generator, dtype=torch.float64)
    means[500:] = torch.tensor([[3.0, 0, 0], [0, -9, 0], [0, 0, 80], [7e3, 0, 0], [0, 1e6, 0]])
    return make(505).replace(means=means)


def test_far_floaters_do_not_hide_the_near_ones(room):
    kept = remove_floaters(room, deviations=3)
    assert torch.equal(kept.means, room.means[:500])


def test_the_limit_is_that_of_the_distances(room):
    distances = KDTree(room.means.numpy()).query(room.means.numpy(), 7)[0][:, 1:].mean(1)
    logs = np.log(distances)
    median, upper = np.quantile(logs, [0.5, 0.8413], method="lower")
    wanted = logs <= median + 0.9 * max(upper - median, 0.25)
    assert 400 < wanted.sum() < 495
    kept = remove_floaters(room, deviations=0.9, neighbors=6)
    assert torch.equal(kept.means, room.means[torch.from_numpy(wanted)])


def test_a_regular_grid_has_no_floaters(make):
    grid = torch.cartesian_prod(*[torch.arange(8.0, dtype=torch.float64)] * 3)
    assert remove_floaters(make(512).replace(means=grid)).count == 512


def test_coincident_centers_are_no_floaters(room):
    means = room.means.clone()
    means[:200] = means[0]
    kept = remove_floaters(room.replace(means=means), deviations=4, neighbors=4)
    assert torch.equal(kept.means[:200], means[:200])


def test_small_scenes_stay(make):
    assert remove_floaters(make(16)).count == 16


def test_wrong_arguments_are_refused(make):
    with pytest.raises(ValueRangeError, match="deviations is 0"):
        remove_floaters(make(3), deviations=0)
    with pytest.raises(ValueRangeError, match="neighbors is 0"):
        remove_floaters(make(3), neighbors=0)
    with pytest.raises(ShapeError, match="expected one scene"):
        remove_floaters(Gaussians.stack([make(3), make(3)]))
