"""The contract of point encoders."""

from typing import ClassVar

import pytest
import torch

from gaussrep.encoders.encoder import PointEncoder
from gaussrep.encoders.voxels import VoxelCloud
from gaussrep.testing.clouds import joined, random_scene_of_voxels
from gaussrep.testing.component_contract import ComponentContract
from gaussrep.testing.learning import assert_all_learn, assert_weights_are_all

CHANNELS = 6


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
        return joined([random_scene_of_voxels(number, CHANNELS) for number in range(2)])

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
        scenes = [random_scene_of_voxels(number, CHANNELS) for number in range(2)]
        apart = torch.cat([encoder(scene) for scene in scenes])
        self.assert_close(encoder(joined(scenes)), apart)

    @torch.no_grad()
    def test_the_order_of_voxels_does_not_matter(self, encoder: PointEncoder) -> None:
        cloud = random_scene_of_voxels(0, CHANNELS)
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
