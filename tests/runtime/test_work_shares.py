import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.errors import ConfigError
from gaussrep.runtime.work_shares import WorkShare


@given(st.integers(0, 40), st.integers(1, 9))
def test_shares_divide_the_items(items, count):
    shares = [WorkShare(number, count).of(range(items)) for number in range(1, count + 1)]
    assert sorted(item for share in shares for item in share) == list(range(items))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_the_option_comes_before_torchruns_variables():
    torchrun = {"RANK": "3", "WORLD_SIZE": "4"}
    assert WorkShare.parse("2/8", torchrun) == WorkShare(2, 8)
    assert WorkShare.parse(None, torchrun) == WorkShare(4, 4)
    assert WorkShare.parse(None, {}) == WorkShare()
    assert WorkShare().is_whole
    assert not WorkShare(1, 2).is_whole


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2", "1/2/3", ""])
def test_other_texts_are_refused(text):
    with pytest.raises(ConfigError, match=r"--shard is .*; expected one of 1/N to N/N"):
        WorkShare.parse(text, {})
