import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.data.sample import SampleKey

KEYS = st.builds(
    SampleKey,
    index=st.integers(0, 2**40),
    epoch=st.integers(0, 10_000),
    seed=st.integers(0, 2**63 - 1),
)


def draws(key):
    numbers = key.rng().random(4).tolist()
    return numbers, torch.rand(4, generator=key.generator()).tolist()


@given(KEYS)
def test_equal_keys_draw_the_same(key):
    assert draws(key) == draws(SampleKey(key.index, key.epoch, key.seed))


@given(KEYS, KEYS)
def test_different_keys_draw_differently(first, second):
    if first != second:
        actual, expected = draws(first), draws(second)
        assert actual[0] != expected[0]
        assert actual[1] != expected[1]


def test_index_epoch_and_seed_are_told_apart():
    streams = {tuple(draws(SampleKey(*key))[0]) for key in np.ndindex(3, 3, 3)}
    assert len(streams) == 27


def test_global_generators_are_left_alone():
    before = torch.get_rng_state()
    draws(SampleKey(1, 2, 3))
    assert torch.equal(before, torch.get_rng_state())
