import pytest
import torch

from gaussrep.config import resolve
from gaussrep_gmae.method import GMAE


@pytest.fixture
def make_config():
    """Configurations of a model that fits a test: 16 patches of 8 pixels, 20 Gaussians."""

    def make(**settings):
        small = {"width": 32, "depth": 2, "heads": 2}
        return resolve(
            "methods",
            {
                "type": "gmae",
                "image_size": 32,
                "patch_size": 8,
                "encoder": small,
                "decoder": small,
                "gaussians": 20,
                "renderer": "reference",
                **settings,
            },
        )

    return make


@pytest.fixture
def make_method(make_config):
    def make(**settings):
        torch.manual_seed(0)
        return GMAE(make_config(**settings))

    return make


@pytest.fixture
def images():
    return torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
