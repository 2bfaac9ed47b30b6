import pytest
import torch

from harness import timing
from harness.scenes import make_scene
from harness.workloads import Workload

TINY = Workload("tiny", 1, 1, 5, 16, 16, sigma=2.0, channels=4)


def test_forward_needs_no_gradients():
    color, features = timing.one_call(make_scene(TINY), "reference", backward=False)()
    assert color.shape == (1, 1, 16, 16, 3)
    assert features.shape == (1, 1, 16, 16, 1)
    assert not color.requires_grad


def test_backward_gives_the_same_gradients_of_every_tensor_each_time():
    scene = make_scene(TINY)
    call = timing.one_call(scene, "reference", backward=True)
    first, again = call(), call()
    assert [g.shape for g in first] == [t.shape for _, t in scene.gaussians.tensors()]
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert all(g.abs().max() > 0 for g in first)


@pytest.mark.parametrize(
    ("calls_ms", "repeats", "counted"),
    [
        ([500.0, 1.0, 2.0, 3.0], 3, [1.0, 2.0, 3.0]),
        ([500.0, 15e3, 15e3, 1.0], 9, [15e3, 15e3]),
        ([30e3], 9, [30e3]),
    ],
)
def test_slow_calls_are_timed_less_often(monkeypatch, calls_ms, repeats, counted):
    clock = iter(calls_ms)
    monkeypatch.setattr(timing, "time_once", lambda call, device: next(clock))
    assert timing.time_calls(lambda: None, repeats, "cpu") == (calls_ms[0], counted)


def test_a_call_takes_time():
    assert timing.time_once(lambda: sum(range(10**5)), "cpu") > 0.1
