import sys
from pathlib import Path

import pytest
import torch

from gaussrep.building import build
from gaussrep.config import resolve
from gaussrep.evaluation.resolve import resolve_evaluation_config
from gaussrep.evaluation.running import run_evaluation
from gaussrep.plugins import registry

TOY = Path(__file__).parent / "toy"


@pytest.fixture
def looker(monkeypatch):
    """The toy distribution, installed."""
    monkeypatch.syspath_prepend(str(TOY))
    registry.reset()
    yield
    registry.reset()
    for name in [name for name in sys.modules if name.startswith("gaussrep_looker")]:
        del sys.modules[name]


@pytest.fixture
def make_method(looker):
    def make(name="looker", **settings):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return build("methods", {"type": name, **settings}).eval()

    return make


@pytest.fixture
def evaluate(looker):
    """Measure a method on the toy's images, with `key=value` on top."""

    def call(name, method, *overrides, data="colors"):
        config = resolve_evaluation_config(name, resolve("datasets", data), None, list(overrides))
        return run_evaluation(config, method)

    return call
