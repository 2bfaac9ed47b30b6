import copy

import pytest
import yaml

from gaussrep_nerfstudio.model_config import GaussrepModelConfig
from gaussrep_nerfstudio.rgbd_config import RgbdDataParserConfig

MODEL = """
!!python/object:gaussrep_nerfstudio.model_config.GaussrepModelConfig
start: random
start_count: 30
start_run: null
most: 500
sh_degree: 2
"""
PARSER = """
!!python/object:gaussrep_nerfstudio.rgbd_config.RgbdDataParserConfig
size: 320
hold_out: 4
outliers: 0.02
side: 3.0
"""


def test_the_model_settings_of_an_older_run_are_read_by_their_old_names():
    read = yaml.load(MODEL, Loader=yaml.Loader)
    assert (read.init, read.init_count, read.init_run) == ("random", 30, None)
    assert (read.max_gaussians, read.sh_degree) == (500, 2)
    assert not {"start", "start_count", "start_run", "most"} & vars(read).keys()


def test_the_parser_settings_of_an_older_run_are_read_by_their_old_names():
    read = yaml.load(PARSER, Loader=yaml.Loader)
    assert (read.image_size, read.hold_out_every, read.side) == (320, 4, 3.0)
    assert read.outlier_fraction == 0.02
    assert not {"size", "hold_out", "outliers"} & vars(read).keys()


@pytest.mark.parametrize("config", [GaussrepModelConfig(init_count=7), RgbdDataParserConfig()])
def test_present_settings_stay_as_they_are(config):
    assert yaml.load(yaml.dump(config), Loader=yaml.Loader) == config
    assert copy.deepcopy(config) == config
