import subprocess
import sys

import pytest

from gaussrep.config import resolve
from gaussrep.errors import ConfigError


def test_a_size_is_a_default_that_settings_override():
    config = resolve("encoders", {"type": "sparse-unet", "size": "tiny", "base_channels": 8})
    assert config.shape.base_channels == 8
    assert config.shape.channels == (16, 32, 48, 64, 64, 48, 32, 32)
    assert config.shape.layers == (1,) * 8


def test_base_is_the_published_network():
    shape = resolve("encoders", "sparse-unet").shape
    assert shape.base_channels == 32
    assert shape.channels == (32, 64, 128, 256, 256, 128, 96, 96)
    assert shape.layers == (2, 3, 4, 6, 2, 2, 2, 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"type": "sparse-unet", "channels": [32, 64]}, "channels has 2 stages and layers 8"),
        (
            {"type": "sparse-unet", "channels": [8, 8, 8], "layers": [1, 1, 1]},
            "expected the same even number of both",
        ),
        ({"type": "sparse-unet", "layers": [0] * 8}, "greater than or equal to 1"),
        ({"type": "sparse-unet", "engine": "cuda"}, "'auto', 'torch' or 'spconv'"),
        ({"type": "sparse-unet", "size": "huge"}, "'tiny', 'small' or 'base'"),
        ({"type": "point-transformer", "channels": [32]}, "channels has 1 levels and layers 4"),
        (
            {"type": "point-transformer", "channels": [40], "layers": [1]},
            "channels has 40, expected multiples of head_channels = 16",
        ),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        resolve("encoders", settings)


def test_settings_do_not_import_torch():
    program = (
        "import sys, gaussrep_gaussiancross.backbones.config\n"
        "sys.exit('torch' in sys.modules or 'numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
