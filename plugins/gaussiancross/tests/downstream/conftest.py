import sys
from pathlib import Path

import pytest

from gaussrep import plugins
from gaussrep.data.sample_key import SampleKey

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture
def rooms(monkeypatch):
    """The toy distribution, installed: scenes, an encoder of voxels, a method."""
    monkeypatch.syspath_prepend(str(TOY))
    plugins.reset()
    yield
    plugins.reset()
    for name in [name for name in sys.modules if name.startswith("gaussrep_rooms")]:
        del sys.modules[name]


@pytest.fixture
def batch(rooms):
    """Two rooms."""
    dataset = plugins.build("datasets", "rooms", split="train")
    return dataset.collate([dataset[SampleKey(index)] for index in range(2)])
