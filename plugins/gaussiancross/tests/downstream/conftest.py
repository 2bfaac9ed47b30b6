import pytest

from gaussrep import plugins
from gaussrep.data.sample_key import SampleKey


@pytest.fixture
def batch(rooms):
    """Two rooms."""
    dataset = plugins.build("datasets", "rooms", split="train")
    return dataset.collate([dataset[SampleKey(index)] for index in range(2)])
