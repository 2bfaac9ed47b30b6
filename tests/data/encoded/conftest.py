import pytest
from encoded_samples import labeled, write_tar


@pytest.fixture
def shards(tmp_path):
    """Two shards of eight samples for training, and one for validation."""
    write_tar(tmp_path / "train" / "0.tar", labeled(range(8)))
    write_tar(tmp_path / "train" / "1.tar", labeled(range(8, 16)))
    write_tar(tmp_path / "val" / "0.tar", labeled(range(16, 20)))
    return tmp_path
