import os
import subprocess
import sys

import pytest
import torch
from forked_program import run_gaussrep
from PIL import Image

from gaussrep import load_run, plugins
from gaussrep.config import load_config
from gaussrep.config.presets import preset, presets
from gaussrep.errors import ConfigError
from gaussrep.training import TrainConfig, resume, train
from gaussrep_gmae.export import export_vit

NAMES = {"demo", "tiny", "cifar", "small", "base", "large", "huge", "paper", "lineage"}
OF_GAUSSIANS = {"type", "queries", "max_scale", "spread_start", "perspective_size"}


def program(*arguments):
    env = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return run_gaussrep(*arguments, env=env)


@pytest.mark.parametrize(("name", "target"), [("gmae", "GMAE"), ("mae", "MAE")])
def test_found_through_its_entry_point(name, target):
    found = plugins.find("methods", name)
    assert found.qualified == f"gaussrep-gmae:{name}"
    assert found.load().__name__ == target


@pytest.mark.parametrize("module", ["plugin", "config"])
def test_plugin_and_settings_are_light(module):
    heavy = {"torch", "timm", "numpy"} | ({"pydantic"} if module == "plugin" else set())
    code = f"import sys, gaussrep_gmae.{module}; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("method", ["gmae", "mae"])
def test_every_preset_is_a_valid_configuration(method):
    found = plugins.find("methods", method)
    assert set(presets(found)) == NAMES
    for name in NAMES:
        data = ["data.type=images", "data.root=photos"] if name != "demo" else []
        config = load_config(TrainConfig, preset(found, name), [], data)
        assert config.method.image_size == config.data.image_size


@pytest.mark.parametrize("name", sorted(NAMES))
def test_presets_of_both_methods_share_all_but_the_gaussians(name):
    gmae, mae = (preset(plugins.find("methods", method), name) for method in ("gmae", "mae"))
    shared = {key: value for key, value in gmae["method"].items() if key not in OF_GAUSSIANS}
    assert mae == {**gmae, "method": {"type": "mae", **shared}}


@pytest.fixture(scope="module")
def image_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    generator = torch.Generator().manual_seed(0)
    for number in range(6):
        pixels = torch.randint(0, 256, (32, 32, 3), generator=generator, dtype=torch.uint8)
        Image.fromarray(pixels.numpy()).save(folder / f"{number}.png")
    return folder


def quick(image_folder, weights):
    return [
        "method.encoder.depth=1", "method.decoder.depth=1", f"method.encoder_weights={weights}",
        "data.type=images", "data.val_fraction=0.4", f"data.root={image_folder}", "trainer.steps=1",
        "trainer.epochs=null", "trainer.batch_size=2", "trainer.device=cpu",
        "trainer.tensorboard=false",
    ]  # fmt: skip


@pytest.fixture
def public(make_method, tmp_path):
    """Weights for the encoder of `quick`, whose class token is all fives."""
    size = {"width": 192, "depth": 1, "heads": 3}
    method = make_method("mae", patch_size=4, encoder=size)
    torch.nn.init.constant_(method.encoder.vit.cls_token, 5.0)
    export_vit(method, tmp_path / "public")
    return tmp_path / "public" / "model.safetensors"


def started(run):
    return (load_run(run).encoder.vit.cls_token - 5).abs().max() < 0.01


def test_the_program_trains_from_public_weights_and_exports(image_folder, public, tmp_path):
    settings = quick(image_folder, public)
    trained = program("train", "mae", "--preset", "tiny", "--run", tmp_path / "run", *settings)
    assert trained.returncode == 0, trained.stderr
    public.unlink()
    assert started(tmp_path / "run")
    exported = program("export-vit", tmp_path / "run", tmp_path / "vit")
    assert exported.returncode == 0, exported.stderr
    assert "timm.create_model(" in exported.stdout
    assert "minus the mean (0.485, 0.456, 0.406)" in exported.stdout
    assert (tmp_path / "vit" / "model.safetensors").is_file()


def test_only_a_new_run_loads_the_weights(image_folder, public, tmp_path):
    found = plugins.find("methods", "gmae")
    settings = quick(image_folder, public)
    config = load_config(TrainConfig, preset(found, "tiny"), [], settings)
    train(config, tmp_path / "first")
    public.unlink()
    with pytest.raises(ConfigError, match="no such file"):
        train(config, tmp_path / "refused")
    assert not (tmp_path / "refused").exists()
    train(config, tmp_path / "second", start_from=tmp_path / "first")
    resume(tmp_path / "first", ["trainer.steps=2"])
    assert started(tmp_path / "first")
    assert started(tmp_path / "second")


def test_a_folder_without_a_run_is_refused(tmp_path):
    refused = program("export-vit", tmp_path, tmp_path / "vit")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
