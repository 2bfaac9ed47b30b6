import sys
from pathlib import Path

import pytest

from gaussrep.config import load_config
from gaussrep.plugins import registry
from gaussrep.training.config import TrainConfig

TOY = Path(__file__).parent / "toy"
QUICK = {
    "method": "toy",
    "data": "toy",
    "trainer": {
        "steps": 6,
        "batch_size": 4,
        "lr": 1e-2,
        "checkpoint_every": 3,
        "validate_every": 3,
        "log_every": 1,
        "tensorboard": False,
        "device": "cpu",
    },
}


@pytest.fixture
def toy(monkeypatch):
    """The toy distribution, installed."""
    monkeypatch.syspath_prepend(str(TOY))
    registry.reset()
    yield
    registry.reset()
    for name in [name for name in sys.modules if name.startswith("gaussrep_toy")]:
        del sys.modules[name]


@pytest.fixture
def configure(toy):
    """Make a quick configuration of the toy method, with `key=value` on top."""

    def make(*overrides: str) -> TrainConfig:
        return load_config(TrainConfig, QUICK, [], list(overrides))

    return make
