import pytest
import torch

from gaussrep import build
from gaussrep.config import resolve

SMALL = {"width": 32, "depth": 2, "heads": 2}
OWN = {"gmae": {"queries": 20, "renderer": "reference"}, "mae": {}}


@pytest.fixture
def make_config():
    """Configurations of a model that fits a test: 16 patches of 8 pixels, 20 Gaussians."""

    def make(name="gmae", **settings):
        shared = {"image_size": 32, "patch_size": 8, "encoder": SMALL, "decoder": SMALL}
        return resolve("methods", {"type": name, **shared, **OWN[name], **settings})

    return make


@pytest.fixture
def make_method(make_config):
    """Methods with their first weights, always from the same seed."""

    def make(name="gmae", **settings):
        config = make_config(name, **settings)
        torch.manual_seed(0)
        return build("methods", config)

    return make


@pytest.fixture
def images():
    return torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
