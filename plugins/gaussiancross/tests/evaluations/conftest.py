import pytest
import torch

from gaussrep.building import build
from gaussrep.config import resolve
from gaussrep.data import SampleKey
from gaussrep.evaluation.resolve import resolve_evaluation_config
from gaussrep.evaluation.running import run_evaluation


@pytest.fixture
def make_feeler(rooms):
    def make(name="feeler", **settings):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return build("methods", {"type": name, **settings}).eval()

    return make


@pytest.fixture
def evaluate(rooms):
    """Measure a method on the toy's rooms, with `key=value` on top."""

    def call(name, method, *overrides, data="rooms"):
        config = resolve_evaluation_config(name, resolve("datasets", data), None, list(overrides))
        return run_evaluation(config, method)

    return call


@pytest.fixture
def batch(rooms):
    """Two rooms."""
    dataset = build("datasets", "rooms", split="train")
    return dataset.collate([dataset[SampleKey(index)] for index in range(2)])
