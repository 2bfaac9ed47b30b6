import subprocess
import sys

import pytest
from pydantic import ValidationError

from gaussrep import plugins
from gaussrep.config import resolve
from gaussrep.data.config import CropConfig, ImagesConfig, PhotosConfig
from gaussrep.errors import ConfigError


@pytest.mark.parametrize(
    "wrong",
    [
        {"image_size": 0},
        {"scale": (0.0, 1.0)},
        {"scale": (0.5, 1.5)},
        {"scale": (0.6, 0.5)},
        {"ratio": (-1.0, 1.0)},
        {"ratio": (2.0, 1.0)},
        {"flip": 1.5},
        {"color": 1},
    ],
)
def test_impossible_crops_are_refused(wrong):
    with pytest.raises(ValidationError):
        CropConfig(**wrong)


def test_impossible_splits_are_refused():
    for share in (0, 1, -0.1):
        with pytest.raises(ValidationError):
            ImagesConfig(root=".", val_fraction=share)
    with pytest.raises(ValidationError):
        ImagesConfig()


def test_defaults():
    assert ImagesConfig(root=".").image_size == 224
    assert PhotosConfig().image_size == 64


def test_settings_need_no_torch():
    code = "import gaussrep.data.config, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


SIZES = {
    "folders": 224, "imagenet": 224, "imagenette": 224, "cifar10": 32, "cifar100": 32, "stl10": 96,
    "webdataset": 224, "huggingface": 224,
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_every_set_is_found_by_its_name_and_by_its_config_class(name):
    config = resolve("datasets", {"type": name, "root": "somewhere"})
    assert config.image_size == SIZES[name]
    untyped = type(config)(root="somewhere")
    assert resolve("datasets", untyped).type == name
    assert plugins.find("datasets", name).record.modality == "image"


@pytest.mark.parametrize("name", SIZES)
def test_the_root_has_no_default(name):
    with pytest.raises(ConfigError, match="root"):
        resolve("datasets", name)


def test_only_what_is_read_through_torchvision_needs_it():
    needing = {
        name
        for name in SIZES
        if plugins.find("datasets", name).record.requires == ("torchvision>=0.25",)
    }
    assert needing == {"cifar10", "cifar100", "stl10"}


def test_settings_need_no_torch_and_the_sets_no_torchvision():
    code = (
        "import sys, gaussrep.data.config; assert 'torch' not in sys.modules\n"
        "import gaussrep.data.folders, gaussrep.data.torchvision_sets\n"
        "assert 'torchvision' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
