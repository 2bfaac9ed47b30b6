"""The contract of point encoders."""

from collections.abc import Sequence
from typing import ClassVar

import pytest
import torch

from gaussrep.encoders.encoder import PointEncoder
from gaussrep.encoders.voxels import VoxelCloud
from gaussrep.testing.component_contract import ComponentContract
from gaussrep.testing.learning import assert_all_learn, assert_weights_are_all

CHANNELS = 6
SIDE = 16
"""Voxels along a side of a scene's grid."""
OCCUPANCY = 0.1
"""Fraction of occupied voxels."""


class PointEncoderContract(ComponentContract):
    """Subclass this in a plugin's tests and set `name`.

    Examples:
        >>> class TestMine(PointEncoderContract):
        ...     name = "mine"
    """

    kind = "encoders"

    tolerance: ClassVar[float] = 1e-4
    """Largest difference of features, absolute and relative, between two ways to compute them."""

    @pytest.fixture
    def encoder(self) -> PointEncoder:
        """The encoder under test, in evaluation mode."""
        torch.manual_seed(0)
        return self.build(channels=CHANNELS).eval()

    @pytest.fixture
    def cloud(self) -> VoxelCloud:
        """Two scenes."""
        return _join([_random_scene(number) for number in range(2)])

    def test_it_is_an_encoder_of_points(self, encoder: PointEncoder) -> None:
        assert isinstance(encoder, PointEncoder)
        assert self.record.modality == "points"

    @torch.no_grad()
    def test_one_vector_per_voxel(self, encoder: PointEncoder, cloud: VoxelCloud) -> None:
        features = encoder(cloud)
        assert features.shape == (cloud.count, encoder.width)
        assert torch.isfinite(features).all()

    @torch.no_grad()
    def test_features_of_all_resolutions_begin_with_those_of_the_finest(
        self, encoder: PointEncoder, cloud: VoxelCloud
    ) -> None:
        features = encoder.encode_multi_scale(cloud)
        assert features.shape == (cloud.count, encoder.multi_scale_width)
        self.assert_close(features[:, : encoder.width], encoder(cloud))

    @torch.no_grad()
    def test_one_voxel_is_enough(self, encoder: PointEncoder, cloud: VoxelCloud) -> None:
        one = VoxelCloud(cloud.features[:1], cloud.coords[:1], cloud.scene[:1], 1)
        assert torch.isfinite(encoder(one)).all()

    @torch.no_grad()
    def test_scenes_know_nothing_of_each_other(self, encoder: PointEncoder) -> None:
        scenes = [_random_scene(number) for number in range(2)]
        apart = torch.cat([encoder(scene) for scene in scenes])
        self.assert_close(encoder(_join(scenes)), apart)

    @torch.no_grad()
    def test_the_order_of_voxels_does_not_matter(self, encoder: PointEncoder) -> None:
        cloud = _random_scene(0)
        order = torch.randperm(cloud.count, generator=torch.Generator().manual_seed(1))
        moved = VoxelCloud(cloud.features[order], cloud.coords[order], cloud.scene, 1)
        self.assert_close(encoder(moved), encoder(cloud)[order])
        joined = encoder.encode_multi_scale
        self.assert_close(joined(moved), joined(cloud)[order])

    @torch.no_grad()
    def test_same_cloud_same_features(self, encoder: PointEncoder, cloud: VoxelCloud) -> None:
        before = cloud.features.clone(), cloud.coords.clone()
        assert torch.equal(encoder(cloud), encoder(cloud))
        assert torch.equal(cloud.features, before[0])
        assert torch.equal(cloud.coords, before[1])

    @torch.no_grad()
    def test_its_weights_are_all_that_it_is(self, encoder: PointEncoder, cloud: VoxelCloud) -> None:
        other = self.build(channels=CHANNELS).eval()
        assert_weights_are_all(encoder, other, lambda net: net(cloud))

    def test_every_parameter_learns(self, encoder: PointEncoder, cloud: VoxelCloud) -> None:
        assert_all_learn(encoder.train(), encoder(cloud).square().mean())

    def assert_close(self, actual: torch.Tensor, expected: torch.Tensor) -> None:
        """Assert that features agree within the contract's tolerance.

        Args:
            actual: Features, [M, D].
            expected: Features, [M, D].
        """
        torch.testing.assert_close(actual, expected, atol=self.tolerance, rtol=self.tolerance)


def _random_scene(seed: int) -> VoxelCloud:
    generator = torch.Generator().manual_seed(seed)
    coords = (torch.rand(SIDE, SIDE, SIDE, generator=generator) < OCCUPANCY).nonzero()
    features = torch.randn(len(coords), CHANNELS, generator=generator)
    return VoxelCloud(features, coords, torch.zeros(len(coords), dtype=torch.int64), 1)


def _join(scenes: Sequence[VoxelCloud]) -> VoxelCloud:
    counts = torch.tensor([scene.count for scene in scenes])
    return VoxelCloud(
        torch.cat([scene.features for scene in scenes]),
        torch.cat([scene.coords for scene in scenes]),
        torch.arange(len(scenes)).repeat_interleave(counts),
        len(scenes),
    )
