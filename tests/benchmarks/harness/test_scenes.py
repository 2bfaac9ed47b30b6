import numpy as np
import pytest
import torch

from gaussrep.errors import DataError
from gaussrep.rendering.projection import project
from harness.scenes import make_scene
from harness.workloads import WORKLOADS, Workload

SMALL = Workload("small", 2, 3, 500, 64, 48, sigma=3.0, channels=5)


def test_shapes_and_seed():
    scene = make_scene(SMALL)
    assert scene.gaussians.opacities.shape == (2, 500)
    assert scene.gaussians.features.shape == (2, 500, 2)
    assert scene.cameras.viewmats.shape == (2, 3, 4, 4)
    assert (scene.cameras.width, scene.cameras.height) == (64, 48)
    assert torch.equal(scene.gaussians.means, make_scene(SMALL).gaussians.means)


def test_sigma_is_that_of_the_image():
    scene = make_scene(SMALL)
    seen = project(scene.gaussians, scene.cameras)
    variance = 1 / seen.conics[..., [0, 2]][:, 0] - 0.3  # of a slice through the middle
    assert 2.4 < variance.sqrt().median() < 3.6


def test_gaussians_fill_the_first_view_and_are_seen_in_the_others():
    scene = make_scene(SMALL)
    seen = project(scene.gaussians, scene.cameras)
    middle = seen.means2d[:, 0].mean((0, 1))
    torch.testing.assert_close(middle, torch.tensor([32.0, 24.0]), atol=2, rtol=0)
    assert seen.visible[:, 0].all()
    assert seen.visible.float().mean((0, 2)).min() > 0.8


def test_the_garden_is_read_where_it_is(tmp_path, monkeypatch):
    monkeypatch.delenv("GAUSSREP_DATA", raising=False)
    with pytest.raises(DataError, match="set GAUSSREP_DATA"):
        make_scene(WORKLOADS["garden"])
    monkeypatch.setenv("GAUSSREP_DATA", str(tmp_path))
    with pytest.raises(DataError, match="there is no"):
        make_scene(WORKLOADS["garden"])
    np.savez(
        tmp_path / "garden.npz",
        means3d=np.zeros((7, 3), np.float32),
        colors=np.full((7, 3), 255, np.uint8),
        viewmats=np.eye(4, dtype=np.float32)[None],
        Ks=np.eye(3, dtype=np.float32)[None],
        width=np.array(6),
        height=np.array(4),
    )
    scene = make_scene(WORKLOADS["garden"])
    assert scene.gaussians.opacities.shape == (1, 7)
    assert scene.gaussians.colors.max() == 1
    assert scene.gaussians.scales.min() > 0
    assert (scene.cameras.width, scene.cameras.height) == (6, 4)


def test_the_real_garden_has_the_size_that_the_workload_reports(real_data, monkeypatch):
    monkeypatch.setenv("GAUSSREP_DATA", str(real_data))
    if not (real_data / "garden.npz").exists():
        pytest.skip("no garden.npz among the real data")
    scene, workload = make_scene(WORKLOADS["garden"]), WORKLOADS["garden"]
    assert (*scene.cameras.viewmats.shape[:2], scene.gaussians.count) == (1, 3, workload.count)
    assert (scene.cameras.width, scene.cameras.height) == (workload.width, workload.height)
