"""Every component of this distribution keeps the contract for its kind."""

import pytest

from gaussrep.testing import MethodContract, PointEncoderContract, uncovered

BACKBONE = {"type": "sparse-unet", "size": "tiny"}
SMALL = {
    "backbone": BACKBONE,
    "grid_size": 0.1,
    "anchors": (8, 8, 4),
    "dense": {"widths": (8, 16), "out_channels": 16},
    "feature_channels": 4,
    "min_gaussians": 16,
    "renderer": "cpu",
}
BASE_METHOD = {"type": "gaussiancross", **SMALL}


class TestSparseUNet(PointEncoderContract):
    name = "sparse-unet"
    settings = {"size": "tiny"}


class TestPointTransformer(PointEncoderContract):
    name = "point-transformer"
    settings = {"size": "tiny", "window": 32}


class OfRooms(MethodContract):
    """Methods that learn from scenes."""

    steps = 5

    @pytest.fixture
    def batch(self, make_batch):
        return make_batch()


class TestGaussianCross(OfRooms):
    name = "gaussiancross"
    settings = SMALL


class TestSegmenter(OfRooms):
    name = "point-segmenter"
    settings = {"base_method": BASE_METHOD, "classes": 3}


class TestPointGroup(OfRooms):
    name = "point-group"
    settings = {"base_method": BASE_METHOD, "classes": 3}


def test_every_component_has_its_contract():
    assert uncovered("gaussrep-gaussiancross", globals()) == []
