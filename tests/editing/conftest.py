import numpy as np
import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians


@pytest.fixture(scope="session")
def make():
    """Makes random scenes."""

    def make(count, seed=0, degree=None, features=0, dtype=torch.float64):
        generator = np.random.default_rng(seed)

        def normal(*shape):
            return torch.from_numpy(generator.normal(size=(count, *shape))).to(dtype)

        return Gaussians(
            means=normal(3),
            quats=normal(4),
            scales=(0.5 * normal(3) - 2).exp(),
            opacities=normal().sigmoid(),
            colors=normal(3).sigmoid() if degree is None else None,
            sh=None if degree is None else normal((degree + 1) ** 2, 3),
            features=normal(features) if features else None,
        )

    return make


@pytest.fixture(scope="session")
def assert_same():
    """Compares all fields of two scenes; quaternions by the covariances."""

    def compare(first, second, atol=1e-9):
        assert [name for name, _ in first.tensors()] == [name for name, _ in second.tensors()]
        for name, tensor in first.tensors():
            if name != "quats":
                torch.testing.assert_close(tensor, getattr(second, name), rtol=0, atol=atol)
        torch.testing.assert_close(first.covariances(), second.covariances(), rtol=0, atol=atol)

    return compare


@pytest.fixture(scope="session")
def camera():
    """A camera in front of the random scenes."""
    eye = torch.tensor([[0.3, -0.5, -5.0]])
    return Cameras.look_at(eye, torch.zeros(3), torch.tensor([0.0, -1, 0]), 96, 64)
