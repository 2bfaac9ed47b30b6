"""Every component fulfills gaussrep's contract for its kind."""

from gaussrep.testing import (
    ImageEncoderContract,
    LossContract,
    MethodContract,
    RendererContract,
    uncovered,
)


class TestRenderer(RendererContract):
    name = "additive"


class TestRendererInChunks(RendererContract):
    name = "additive"
    settings = {"tile": 5, "max_pairs": 7}


class TestStrided(ImageEncoderContract):
    name = "strided"


class TestPyramid(LossContract):
    name = "pyramid"


class TestMethod(MethodContract):
    name = "additive"
    settings = {"encoder": {"type": "strided", "width": 32, "blocks": 1}}


def test_every_part_has_its_contract():
    assert uncovered("gaussrep-additive", globals()) == []
