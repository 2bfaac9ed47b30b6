"""A few steps of the other two methods, by the real commands."""

import numpy as np
import pytest
import torch
from commands import call, run_folder, train_command
from PIL import Image

import gaussrep as gr
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.writing import write_rooms


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rooms")
    settings = RoomsConfig(frames=6, height=24, width=32, points=3000)
    write_rooms(folder, settings, seed=0, train=1, val=1)
    return folder


@pytest.fixture(scope="module")
def pretrained(rooms, tmp_path_factory):
    """A GaussianCross that has seen one scene once."""
    run = tmp_path_factory.mktemp("runs") / "run"
    trained = call(
        "gaussrep", "train", "gaussiancross", "--preset", "demo", "--run", run,
        f"data.root={rooms}", "data.image_size=[12,16]", "data.views=1", "data.max_points=1000",
        "data.frame_step=1", "method.anchors=[8,8,6]", "trainer.steps=1", "trainer.batch_size=1",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    return run


def test_features(balls, tmp_path):
    trained = call(
        "ns-train",
        *train_command("gaussrep-features", balls, tmp_path, steps=11),
        "--pipeline.model.feature-channels", 8,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    folder = run_folder("gaussrep-features", tmp_path)
    state = torch.load(next(folder.glob("nerfstudio_models/*")), weights_only=True)["pipeline"]
    assert state["_model.scene.raw.features"].shape[1] == 8
    assert not any("alexnet" in name or "encoder" in name for name in state)
    rendered = call(
        "ns-render", "dataset", "--load-config", folder / "config.yml", "--output-path", tmp_path,
        "--rendered-output-names", "features", "--image-format", "png",
    )  # fmt: skip
    assert rendered.returncode == 0, rendered.stderr
    images = list((tmp_path / "test" / "features").glob("*.png"))
    assert np.asarray(Image.open(images[0])).std() > 1
    assert gr.load(folder / "config.yml").features.shape[1] == 8


def test_cross_begins_with_what_was_predicted(rooms, pretrained, tmp_path):
    command = train_command("gaussrep-cross", rooms, tmp_path, steps=1)
    parser = ["gaussrep-rgbd", "--scene", "scene0001_00", "--frame-step", 1, "--hold-out-every", 3]
    trained = call("ns-train", *command, "--pipeline.model.init-run", pretrained, *parser)
    assert trained.returncode == 0, trained.stderr
    scenes = gr.build("datasets", {"type": "scannet", "root": rooms}, split="val")
    batch = scenes.collate([scenes[0]])
    predicted = gr.load_run(pretrained).gaussians(batch)[0].detach()
    fitted = gr.load(run_folder("gaussrep-cross", tmp_path) / "config.yml")
    assert fitted.count == predicted.count
    assert torch.allclose(fitted.means, predicted.means, atol=0.02)
