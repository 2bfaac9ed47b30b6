import pytest

from gaussrep.building import build
from gaussrep.data.sample_key import SampleKey


@pytest.fixture
def batch(rooms):
    """Two rooms."""
    dataset = build("datasets", "rooms", split="train")
    return dataset.collate([dataset[SampleKey(index)] for index in range(2)])
