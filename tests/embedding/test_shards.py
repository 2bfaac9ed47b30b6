import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from gaussrep.embedding.shards import concatenate_shards


@given(
    rows=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    rest=st.lists(st.integers(1, 3), max_size=2),
    note=st.text(max_size=9),
)
def test_it_equals_concatenation(tmp_path_factory, rows, rest, note):
    folder = tmp_path_factory.mktemp("join")
    tensors = [torch.randn(count, *rest) for count in rows]
    parts = [folder / f"{number}" for number in range(len(rows))]
    for part, tensor in zip(parts, tensors, strict=True):
        save_file({"pooled": tensor, "index": torch.arange(3)}, part)
    concatenate_shards(parts, "pooled", folder / "out", {"note": note})
    with safe_open(folder / "out", framework="pt") as found:
        assert list(found.keys()) == ["pooled"]
        assert torch.equal(found.get_tensor("pooled"), torch.cat(tensors))
        assert found.metadata() == {"note": note}


def test_a_file_that_cannot_be_joined_leaves_nothing(tmp_path):
    save_file({"pooled": torch.zeros(2, 3)}, tmp_path / "one")
    with pytest.raises(OSError, match="two"):
        concatenate_shards([tmp_path / "one", tmp_path / "two"], "pooled", tmp_path / "out", {})
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
