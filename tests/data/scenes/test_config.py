import subprocess
import sys

import pytest
from pydantic import ValidationError

from gaussrep.data.scenes.config import RgbdConfig, S3disConfig, ScannetConfig


@pytest.mark.parametrize(
    ("config", "wrong", "message"),
    [
        (ScannetConfig, {"views": 2, "augment": {"elastic": {"probability": 0.5}}}, "deformed"),
        (ScannetConfig, {"views": 2, "mix3d": 0.5}, "cannot be overlaid"),
        (ScannetConfig, {"labeled_points": 20, "max_points": 10}, "raise max_points"),
        (ScannetConfig, {"classes": 40}, "classes"),
        (ScannetConfig, {"augment": {"scale": {"range": (1.1, 0.9)}}}, "smaller number first"),
        (ScannetConfig, {"augment": {"dropout": {"fraction": 1.0}}}, "less than 1"),
        (S3disConfig, {"views": 1}, "holds no images"),
        (S3disConfig, {"val_areas": ()}, "hold out at least one"),
        (S3disConfig, {"val_areas": (1, 2, 3, 4, 5, 6)}, "at least one to train on"),
        (S3disConfig, {"val_areas": (7,)}, "less than or equal to 6"),
        (RgbdConfig, {"up": (0, 0, 0)}, "expected a direction"),
        (RgbdConfig, {"hold_out_every": 1}, "greater than or equal to 2"),
    ],
)
def test_what_does_not_go_together_is_refused(config, wrong, message):
    with pytest.raises(ValidationError, match=message):
        config(root=".", **wrong)


def test_elastic_distortion_goes_with_points_alone():
    config = ScannetConfig(root=".", augment={"elastic": {"probability": 0.95}})
    assert config.augment.elastic.steps == ((0.2, 0.4), (0.8, 1.6))


def test_settings_need_no_torch():
    code = "import gaussrep.data.scenes.config, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
