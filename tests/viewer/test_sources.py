import logging
import os
import subprocess
import sys
import time

import pytest
import torch
import yaml

import gaussrep as gr
from gaussrep.cli.main import app
from gaussrep.config.load import dump_yaml
from gaussrep.errors import ConfigError, FormatError, RunError
from gaussrep.fitting.config import FitConfig
from gaussrep.fitting.synthetic import known_scene
from gaussrep.training.checkpoint import load_run
from gaussrep.training.run_folder import RunFolder
from gaussrep.viewer.sources import SourceWatcher, make_view_source


@pytest.fixture
def fit_run(tmp_path):
    """A fit that has begun and has no checkpoint yet."""
    config = FitConfig(
        data={"path": "synthetic:balls", "image_size": 16}, background=(0.0, 0.5, 1.0)
    )
    return RunFolder.create(tmp_path / "fit", config.train_config(), {})


def training(folder):
    """The arguments of a small training."""
    small = "{width: 16, depth: 1, heads: 1}"
    settings = [f"method.encoder={small}", f"method.decoder={small}"]
    settings += ["trainer.batch_size=2", "trainer.tensorboard=false", "trainer.validate_every=0"]
    settings += ["method.image_size=32", "method.patch_size=8", "method.queries=12"]
    settings += ["data.type=shapes", "data.image_size=32"]
    return ["train", "gmae", "--run", str(folder), *settings]


@pytest.fixture(scope="module")
def gmae(tmp_path_factory):
    """A run of one step."""
    folder = tmp_path_factory.mktemp("runs") / "gmae"
    app([*training(folder), "trainer.steps=1"], standalone_mode=False)
    return folder


def checkpoint(run, step, gaussians):
    """What a fit leaves behind."""
    run.checkpoint(step).mkdir(parents=True)
    gr.save(gaussians, run.path / "scene.ply")


def test_a_file_is_shown_once_and_again_when_it_is_written_again(tmp_path):
    file = tmp_path / "scene.ply"
    gr.save(known_scene(), file)
    follower = SourceWatcher(make_view_source(file))
    scene = follower.newest()
    assert scene.caption == f"{file}: 422 Gaussians"
    assert scene.cameras is None
    assert follower.newest() is None
    gr.save(known_scene()[:5], file)
    assert follower.newest().gaussians.count == 5
    assert follower.newest() is None


def test_a_file_is_read_with_settings_of_its_format(tmp_path):
    file = tmp_path / "scene.spz"
    gr.save(known_scene(), file, axes="ply")
    shown = make_view_source(file, axes="spz").read(0).gaussians
    assert torch.equal(shown.means, gr.load(file, axes="spz").means)
    assert not torch.equal(shown.means, gr.load(file).means)


def test_a_damaged_file_is_told_once(tmp_path):
    file = tmp_path / "scene.ply"
    file.write_bytes(b"no ply")
    follower = SourceWatcher(make_view_source(file))
    with pytest.raises(FormatError):
        follower.newest()
    assert follower.newest() is None
    gr.save(known_scene(), file)
    assert follower.newest().gaussians.count == 422


def test_a_running_fit_is_followed_from_its_first_checkpoint_on(fit_run):
    follower = SourceWatcher(make_view_source(fit_run.path))
    assert follower.newest() is None
    checkpoint(fit_run, 100, known_scene())
    scene = follower.newest()
    assert scene.caption == f"{fit_run.path}, step 100: 422 Gaussians"
    assert (scene.cameras.views, scene.cameras.width) == (54, 16)
    assert scene.background == (0.0, 0.5, 1.0)
    checkpoint(fit_run, 200, known_scene()[:7])
    assert follower.newest().caption == f"{fit_run.path}, step 200: 7 Gaussians"
    assert follower.newest() is None


def test_a_fit_is_shown_without_cameras_where_its_images_are_gone(fit_run, caplog):
    config = FitConfig(data={"type": "transforms", "path": str(fit_run.path / "gone")})
    fit_run.config_file.write_text(dump_yaml(config.train_config()), encoding="utf-8")
    checkpoint(fit_run, 100, known_scene())
    with caplog.at_level(logging.WARNING, "gaussrep"):
        scene = SourceWatcher(make_view_source(fit_run.path)).newest()
    assert scene.cameras is None
    assert "no cameras are shown" in caplog.text


def test_a_run_shows_samples_by_index(gmae):
    source = make_view_source(gmae)
    follower = SourceWatcher(source)
    first, second = follower.newest(0), follower.newest(1)
    assert follower.newest(1) is None
    assert source.samples > 1
    assert first.caption == f"{gmae}, sample 0: 12 Gaussians"
    image = source._dataset[1]["image"][None]
    with torch.no_grad():
        output = load_run(gmae).gaussians({"image": image})[0]
    torch.testing.assert_close(second.gaussians.means, output.means)
    assert (first.gaussians.means - second.gaussians.means).abs().max() > 1e-4


def test_a_run_of_gmae_has_its_own_camera(gmae):
    scene = SourceWatcher(make_view_source(gmae)).newest()
    assert (scene.cameras.model, scene.cameras.views, scene.cameras.width) == ("ortho", 1, 32)


def test_new_weights_of_a_run_are_shown(gmae):
    follower = SourceWatcher(make_view_source(gmae))
    assert follower.newest() is not None
    os.utime(gmae / "model.safetensors", (1, 1))
    assert follower.newest() is not None
    assert follower.newest() is None


def test_a_training_is_followed_while_it_runs(tmp_path):
    folder = tmp_path / "gmae"
    settings = ["trainer.steps=3000", "trainer.checkpoint_every=20"]
    seen = set()
    with subprocess.Popen([sys.executable, "-m", "gaussrep", *training(folder), *settings]) as run:
        while not (folder / "model.safetensors").exists() and run.poll() is None:
            time.sleep(0.1)
        follower = SourceWatcher(make_view_source(folder))
        while len(seen) < 3 and run.poll() is None:
            if scene := follower.newest():
                seen.add(scene.gaussians.means.numpy().tobytes())
        run.kill()
    assert len(seen) == 3


def test_what_cannot_be_looked_at_is_refused(tmp_path):
    with pytest.raises(FormatError, match="there is no such file or folder"):
        make_view_source(tmp_path / "none.ply")
    with pytest.raises(RunError, match="not a run folder"):
        make_view_source(tmp_path)
    (tmp_path / "config.yaml").write_text("[", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.yaml, line 1"):
        make_view_source(tmp_path)
    (tmp_path / "config.yaml").write_text("three words only", encoding="utf-8")
    with pytest.raises(ConfigError, match="should hold keys and values"):
        make_view_source(tmp_path)


def test_a_run_whose_data_are_gone_is_one_sentence(gmae, tmp_path):
    settings = yaml.safe_load((gmae / "config.yaml").read_text(encoding="utf-8"))
    settings["data"] = {"type": "images", "root": str(tmp_path / "gone"), "image_size": 32}
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with pytest.raises(RunError, match=r"gone, which is not there; give .* data\.root=FOLDER"):
        make_view_source(run)
