"""Every component of this distribution keeps the contract for its kind."""

from gaussrep.testing import MethodContract, uncovered

SMALL = {"width": 32, "depth": 2, "heads": 2}
SIZES = {"image_size": 32, "patch_size": 8, "encoder": SMALL, "decoder": SMALL}


class TestGMAE(MethodContract):
    name = "gmae"
    settings = {**SIZES, "queries": 20, "renderer": "reference"}


class TestMAE(MethodContract):
    name = "mae"
    settings = SIZES


def test_every_component_has_its_contract():
    assert uncovered("gaussrep-gmae", globals()) == []
