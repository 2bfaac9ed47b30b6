"""Files that `ns-export gaussian-splat` writes of splatfacto."""

from collections import OrderedDict

import pytest
import torch

import gaussrep as gr
from gaussrep.fitting import SceneModel, known_scene

pytest.importorskip(
    "open3d",
    reason="ns-export imports open3d, which needs libusb-1.0 of the system",
    exc_type=ImportError,
)


def columns(scene):
    """The columns of a splatfacto of degree 3 with these Gaussians, in its order."""
    raw = {name: value.detach() for name, value in scene.raw.items()}
    parts = [(axis, raw["means"][:, i]) for i, axis in enumerate("xyz")]
    parts += [(f"n{axis}", torch.zeros(scene.count)) for axis in "xyz"]
    parts += [(f"f_dc_{i}", raw["sh0"][:, 0, i]) for i in range(3)]
    rest = raw["shN"].transpose(1, 2).reshape(scene.count, -1)
    parts += [(f"f_rest_{i}", rest[:, i]) for i in range(rest.shape[1])]
    parts += [("opacity", raw["opacities"])]
    parts += [(f"scale_{i}", raw["scales"][:, i]) for i in range(3)]
    parts += [(f"rot_{i}", raw["quats"][:, i]) for i in range(4)]
    return OrderedDict((name, part[:, None].numpy()) for name, part in parts)


def test_gaussrep_reads_it(tmp_path):
    from nerfstudio.scripts.exporter import ExportGaussianSplat

    scene = SceneModel(known_scene())
    torch.nn.init.normal_(scene.raw["shN"], std=0.1)
    file = tmp_path / "splat.ply"
    ExportGaussianSplat.write_ply(str(file), scene.count, columns(scene))
    found, wanted = gr.load(file), scene.gaussians().detach()
    assert found.count == wanted.count
    for name, tensor in wanted.tensors():
        if name != "quats":
            assert torch.allclose(getattr(found, name), tensor, atol=1e-5), name
    assert torch.allclose(found.covariances(), wanted.covariances(), atol=1e-6)
