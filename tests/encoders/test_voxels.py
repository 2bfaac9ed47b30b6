import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.encoders.voxels import voxelize
from gaussrep.errors import ValueRangeError


def test_voxels_hold_the_mean_of_their_points():
    points = torch.tensor([[0.1, 0.1, 0.1], [0.9, 0.1, 0.1], [0.15, 0.1, 0.1], [-5.0, 2.0, 3.0]])
    features = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    found = voxelize(points, features, torch.tensor([0, 0, 0, 1]), scenes=2, size=0.5)
    assert found.cloud.coords.tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert found.cloud.features[:, 0].tolist() == [2.0, 2.0, 4.0]
    assert found.cloud.scene.tolist() == [0, 0, 1]
    assert found.voxel_of.tolist() == [0, 1, 0, 2]


@given(st.integers(0, 10_000), st.integers(1, 4), st.floats(0.05, 1.0))
def test_every_point_finds_its_own_voxel(seed, scenes, size):
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(40 * scenes, 3, generator=generator) * 2
    scene = torch.arange(scenes).repeat_interleave(40)
    found = voxelize(points, points, scene, scenes, size)
    cloud = found.cloud
    alike = torch.cat([cloud.scene[:, None], cloud.coords], 1)
    assert len(alike.unique(dim=0)) == cloud.count
    assert torch.equal(cloud.scene[found.voxel_of], scene)
    assert (cloud.features[found.voxel_of] - points).abs().max() <= size
    assert cloud.coords.min() == 0


def test_a_stray_point_is_refused():
    points = torch.tensor([[0.0, 0, 0], [1e6, 0, 0]])
    with pytest.raises(ValueRangeError, match="remove outliers"):
        voxelize(points, points, torch.zeros(2, dtype=torch.int64), 1, 0.02)
