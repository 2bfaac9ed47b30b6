from importlib.util import find_spec

import pytest

from gaussrep_pytorch3d.plugin import INSTALL


def pytest_collection_modifyitems(items):
    """Skip the tests that are marked as needing PyTorch3D where it is absent."""
    if find_spec("pytorch3d") is None:
        skip = pytest.mark.skip(reason=f"needs PyTorch3D: {INSTALL}")
        for item in items:
            if item.get_closest_marker("pytorch3d"):
                item.add_marker(skip)
