"""`gr.threads`: number of threads and how they wait, for a block or from then on."""

import inspect

import pytest
import torch

import gaussrep as gr
from gaussrep.errors import ConfigError
from gaussrep.runtime import openmp, thread_settings


@pytest.fixture(autouse=True)
def restored():
    """The state before the test, and no waiting threads after it."""
    before = torch.get_num_threads()
    openmp.set_wait("active")
    yield
    torch.set_num_threads(before)
    openmp.set_wait("active")


def wait_now():
    """How threads wait."""
    now = openmp.set_wait("active")
    openmp.set_wait(now)
    return now


def test_a_block_restores_both():
    torch.set_num_threads(2)
    with gr.threads(3, wait="passive"):
        assert (torch.get_num_threads(), wait_now()) == (3, "passive")
        with gr.threads(1, wait="adaptive"):
            assert (torch.get_num_threads(), wait_now()) == (1, "adaptive")
        assert (torch.get_num_threads(), wait_now()) == (3, "passive")
    assert (torch.get_num_threads(), wait_now()) == (2, "active")


def test_a_block_that_fails_restores_both():
    torch.set_num_threads(2)
    with pytest.raises(KeyError), gr.threads(1, wait="passive"):
        raise KeyError
    assert (torch.get_num_threads(), wait_now()) == (2, "active")


def test_a_call_is_in_force_from_then_on():
    gr.threads(2, wait="passive")
    assert (torch.get_num_threads(), wait_now()) == (2, "passive")


def test_what_is_not_given_stays():
    gr.threads(2, wait="passive")
    with gr.threads(1):
        assert wait_now() == "passive"
    with gr.threads(wait="active"):
        assert torch.get_num_threads() == 2
    assert (torch.get_num_threads(), wait_now()) == (2, "passive")


def test_auto_takes_the_cores_that_may_be_used(monkeypatch):
    monkeypatch.setattr(thread_settings, "usable_cores", lambda: 3)
    with gr.threads("auto"):
        assert torch.get_num_threads() == 3


@pytest.mark.parametrize("n", [0, -1])
def test_a_wrong_number_changes_nothing(n):
    before = torch.get_num_threads()
    with pytest.raises(ConfigError, match=f"n is {n}, expected 1 or more"):
        gr.threads(n, wait="passive")
    assert (torch.get_num_threads(), wait_now()) == (before, "active")


def test_a_wrong_wait_is_refused():
    with pytest.raises(ConfigError, match="wait is 'busy', expected one of 'adaptive', 'passive'"):
        inspect.unwrap(openmp.set_wait)("busy")
    assert wait_now() == "active"
