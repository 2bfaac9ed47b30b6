"""Every component of this distribution keeps the contract for its kind."""

from functools import partial

import pytest
import timm  # noqa: TID253

from gaussrep.testing import MaskedImageEncoderContract, MethodContract, uncovered
from gaussrep_gmae import timm_vit

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


class TestTimmViTWithoutClassToken(MaskedImageEncoderContract):
    name = "timm-vit"
    settings = {"name": "vit_base_patch16_siglip_224"}
    image_size = 64
    patch_size = 16

    @pytest.fixture(autouse=True)
    def tiny(self, monkeypatch):
        create = partial(timm.create_model, depth=1, embed_dim=24, num_heads=2)
        monkeypatch.setattr(timm_vit.timm, "create_model", create)


def test_every_component_has_its_contract():
    assert uncovered("gaussrep-gmae", globals()) == []
