import sys
from pathlib import Path

import pytest
import torch

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.config import resolve
from gaussrep.data.scenes.config import SceneConfig
from gaussrep.data.scenes.scannet.source import ScannetSource
from gaussrep.data.scenes.source import make_scene_source
from gaussrep.errors import ConfigError, UnknownNameError
from gaussrep.plugins import registry

TOY = Path(__file__).parent / "toy"
QUIET = {"center_shift": {"probability": 0}, "scale": {"probability": 0}}


@pytest.fixture
def cubes(monkeypatch):
    """The toy distribution with a scene source, installed."""
    monkeypatch.syspath_prepend(str(TOY))
    registry.reset()
    yield
    registry.reset()
    for name in [name for name in sys.modules if name.startswith("gaussrep_cubes")]:
        del sys.modules[name]


def test_a_source_of_a_plugin_works_as_a_data_set(cubes):
    config = {"type": "scenes", "source": {"type": "cubes", "scenes": 5, "side": 2.0}}
    train = build("datasets", config, split="train")
    val = build("datasets", config, split="val")
    assert train.names == ("cube0", "cube2", "cube4")
    assert val.names == ("cube1", "cube3")
    assert train.classes == ("corner",)
    assert val[0]["points"].amax().item() == 2.0
    batch = train.collate([train[0], train[1]])
    assert batch["index"].tolist() == [0, 1]


def test_limited_data_needs_no_root(cubes):
    limits = {"fraction": 0.34, "labeled_points": 2}
    dataset = build("datasets", {"type": "scenes", "source": "cubes", **limits}, split="train")
    assert len(dataset) == 1
    assert (dataset[0]["labels"] >= 0).sum() == 2


def test_a_source_of_the_core_works_by_its_name_and_as_a_source(scannet_root):
    named = build("datasets", {"type": "scannet", "root": scannet_root}, split="val")
    source = {"type": "scannet", "root": scannet_root}
    generic = build("datasets", {"type": "scenes", "source": source}, split="val")
    assert isinstance(generic.source, ScannetSource)
    assert named.names == generic.names
    for name, values in named[0].items():
        assert torch.equal(values, generic[0][name])


def test_settings_of_a_source_are_checked(cubes):
    with pytest.raises(ConfigError, match="side"):
        resolve("datasets", {"type": "scenes", "source": {"type": "cubes", "sides": 1}})
    with pytest.raises(UnknownNameError, match="did you mean 'cubes'"):
        make_scene_source(SceneConfig(type="cubs"), "train")


@pytest.mark.parametrize("name", ["scannet", "s3dis", "rgbd"])
def test_the_sources_of_the_core_are_registered(name):
    record = plugins.find("scene_sources", name).record
    assert record.target.startswith("gaussrep.data.scenes.")


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"type": "images", "root": ".", "size": 8}, "size was renamed to image_size"),
        ({"type": "images", "root": ".", "val_share": 0.1}, "renamed to val_fraction"),
        ({"type": "shapes", "size": 8}, "size was renamed to image_size"),
        ({"type": "scannet", "root": ".", "share": 0.5}, "share was renamed to fraction"),
    ],
)
def test_old_keys_are_errors_that_name_the_new_ones(config, line):
    with pytest.raises(ConfigError, match=line):
        resolve("datasets", config)
