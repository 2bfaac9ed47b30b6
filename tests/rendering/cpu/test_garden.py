import pytest
import torch

from gaussrep.rendering.cpu.renderer import CpuRenderer
from harness.scenes import make_scene
from harness.tiled_torch import TiledTorchRenderer
from harness.workloads import WORKLOADS


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_a_real_scene_looks_as_plain_torch_draws_it_in_float64():
    scene = make_scene(WORKLOADS["garden"])
    view = scene.cameras[:, :1]
    actual = CpuRenderer().render(scene.gaussians, view, scene.background).color
    with torch.no_grad():
        expected = TiledTorchRenderer().render(
            scene.gaussians.to(torch.float64),
            view.to(torch.float64),
            scene.background.to(torch.float64),
        )
    error = (actual.double() - expected.color).square().mean()
    assert expected.alpha.mean() > 0.1
    assert -10 * error.log10() > 60
