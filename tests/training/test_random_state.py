import random

import numpy as np
import pytest
import torch

from gaussrep.errors import RunError
from gaussrep.training import random_state


def draws():
    return (
        random.random(),
        random.gauss(),
        np.random.random(),  # noqa: NPY002
        np.random.normal(),  # noqa: NPY002
        torch.rand(3).tolist(),
    )


@pytest.fixture(autouse=True)
def outer_state():
    before = random_state.capture()
    yield
    random_state.restore(before)


def test_restored_states_draw_the_same_again():
    random_state.seed_all(7, stream=1)
    draws()  # leaves half a pair of normal numbers in store
    state = random_state.capture()
    first = draws()
    random_state.restore(state)
    assert draws() == first


def test_states_survive_a_file_without_unpickling_code(tmp_path):
    state = random_state.capture()
    torch.save(state, tmp_path / "state.pt")
    first = draws()
    random_state.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert draws() == first


def test_streams_of_one_seed_differ():
    values = set()
    for stream in range(4):
        random_state.seed_all(0, stream)
        values.update(v for v in draws()[:4])
    assert len(values) == 16


def test_a_seeded_block_leaves_no_trace():
    random_state.seed_all(3, stream=0)
    wanted = draws()
    random_state.seed_all(3, stream=0)
    with random_state.seeded(5, stream=0):
        inside = draws()
    assert draws() == wanted
    with random_state.seeded(5, stream=0):
        assert draws() == inside


def test_a_state_that_does_not_take_is_reported(monkeypatch):
    state = random_state.capture()
    draws()
    monkeypatch.setattr(torch, "set_rng_state", lambda _: None)
    with pytest.raises(RunError, match="random state of torch"):
        random_state.restore(state)
