"""Every component of this distribution keeps the contract for its kind."""

from gaussrep.testing import MaskedImageEncoderContract, MethodContract, uncovered

SMALL = {"width": 32, "depth": 2, "heads": 2}
SIZES = {"image_size": 32, "patch_size": 8, "encoder": SMALL, "decoder": SMALL}


class TestGMAE(MethodContract):
    name = "gmae"
    settings = {**SIZES, "queries": 20, "renderer": "reference"}


class TestMAE(MethodContract):
    name = "mae"
    settings = SIZES


class TestViT(MaskedImageEncoderContract):
    name = "vit"
    settings = SMALL


class TestTimmViT(MaskedImageEncoderContract):
    name = "timm-vit"
    settings = {"name": "vit_tiny_patch16_224"}
    image_size = 64
    patch_size = 16


def test_every_component_has_its_contract():
    assert uncovered("gaussrep-gmae", globals()) == []
