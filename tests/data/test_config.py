import subprocess
import sys

import pytest
from pydantic import ValidationError

from gaussrep.data.config import CropConfig, ImagesConfig, PhotosConfig


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
