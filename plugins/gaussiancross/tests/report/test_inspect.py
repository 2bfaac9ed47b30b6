import re

import numpy as np
import pytest
from forked_program import run_gaussrep
from safetensors.torch import save_model

from gaussrep.config import load_config
from gaussrep.data import PointCloud, RGBDFrame, write_scene
from gaussrep.errors import RunError
from gaussrep.evaluation.inspection import inspect_run
from gaussrep.training.config import TrainConfig
from gaussrep.training.run_folder import RunFolder


def write_room(root, batch):
    """The one scene of a batch, in ScanNet's layout."""
    cloud = PointCloud(
        *(batch[name] for name in ("points", "colors", "normals", "labels", "instances"))
    )
    K = batch["Ks"][0, 0].numpy().astype(np.float64)
    frames = [
        RGBDFrame((255 * image.permute(1, 2, 0)).byte().numpy(), depth.numpy(), viewmat.numpy(), K)
        for image, depth, viewmat in zip(
            batch["images"][0], batch["depths"][0], batch["viewmats"][0], strict=True
        )
    ]
    write_scene(root, "val", "room", cloud, frames, K)


@pytest.fixture
def run(method, make_batch, tmp_path):
    """A run, without weights, on a data set of one room."""
    write_room(tmp_path / "data", make_batch(1))
    data = {"type": "scannet", "root": tmp_path / "data", "views": 2, "image_size": (24, 32)}
    given = {
        "method": method.config.model_dump(mode="json"),
        "data": data,
        "trainer": {"steps": 1, "device": "cpu"},
    }
    return RunFolder.create(tmp_path / "run", load_config(TrainConfig, given, [], []), {})


def test_a_strangers_scenes_must_be_named(run, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    with pytest.raises(RunError, match=r"not made here by you.*data\.root="):
        inspect_run(run.path, ["room"], tmp_path / "report")


def test_the_command_shows_a_scene_of_the_runs_data(run, method):
    save_model(method, str(run.weights_file))
    done = run_gaussrep("inspect", run.path, "room")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 rendered views of 1 scene reach")
    html = (run.path / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"<h2>([^<]+)", html) == ["room"]
    assert re.findall(r"</span>([a-z]+)</li>", html) == ["wall", "floor", "cabinet"]
