"""Every part keeps gaussrep's contract for its kind."""

import pytest
import torch

from gaussrep.testing import RendererContract, uncovered


@pytest.mark.pytorch3d
class TestPyTorch3D(RendererContract):
    name = "pytorch3d"


@pytest.mark.pytorch3d
class TestPyTorch3DInBlocks(RendererContract):
    name = "pytorch3d"
    settings = {"max_pairs": 300, "points_per_pixel": 40}


@pytest.mark.pytorch3d
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
class TestPyTorch3DOnCuda(RendererContract):
    name = "pytorch3d"
    device = "cuda"
    repeatable_gradients = False


@pytest.mark.pytorch3d
class TestPulsar(RendererContract):
    name = "pulsar"


def test_every_part_has_its_contract():
    assert uncovered("gaussrep-pytorch3d", globals()) == []
