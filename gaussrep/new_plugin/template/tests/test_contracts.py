"""Every part keeps gaussrep's contract for its kind."""

from gaussrep.testing import (
    ImageEncoderContract,
    LossContract,
    MethodContract,
    RendererContract,
    uncovered,
)


class TestBlobs(RendererContract):
    name = "new-plugin-blobs"


class TestPatches(ImageEncoderContract):
    name = "new-plugin-patches"


class TestHuber(LossContract):
    name = "new-plugin-huber"


class TestSketch(MethodContract):
    name = "new-plugin"


def test_every_part_has_its_contract():
    assert uncovered("new-plugin", globals()) == []
