"""Every configuration key of gaussrep 0.1 is still read, or has an entry in `renamed_keys`."""

from pathlib import Path

import pytest

from gaussrep import plugins
from gaussrep.config import load_config
from gaussrep.config.components import config_class
from gaussrep.errors import ConfigError
from gaussrep.fitting.config import FitConfig
from gaussrep.training.config import TrainConfig

RUNS = {"fit": FitConfig, "train": TrainConfig}
LINES = Path(__file__).with_suffix(".txt").read_text().splitlines()


@pytest.mark.parametrize("line", LINES, ids=lambda line: "-".join(line.split()[1:3]))
def test_every_old_key_is_read_or_renamed(line):
    distribution, kind, name, *keys = line.split()
    if kind == "run":
        model = RUNS[name]
    else:
        if not any(found.distribution == distribution for found in plugins.list(kind)):
            pytest.skip(f"needs {distribution}")
        model = config_class(kind, name)
    unknown = []
    for key in keys:
        *parents, last = key.split(".")
        settings = {last: object()}
        for parent in reversed(parents):
            settings = {parent: settings}
        try:
            load_config(model, settings)
        except ConfigError as error:
            unknown += [line for line in str(error).splitlines() if "unknown key" in line]
    assert not unknown
