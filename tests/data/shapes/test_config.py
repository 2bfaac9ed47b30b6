import subprocess
import sys

import pytest
from pydantic import ValidationError

from gaussrep.data.shapes.config import ShapesConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"image_size": 7},
        {"image_size": 4097},
        {"samples": 0},
        {"val_samples": 0},
        {"objects": (0, 3)},
        {"objects": (2, 33)},
        {"objects": (4, 3)},
        {"seed": -1},
        {"color": 1},
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        ShapesConfig(**wrong)


def test_the_wrong_order_is_said():
    with pytest.raises(ValidationError, match=r"objects is \(4, 3\), expected the smaller number"):
        ShapesConfig(objects=(4, 3))


def test_settings_need_no_torch():
    code = "import gaussrep.data.shapes.config, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
