import math
from copy import deepcopy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.building import build
from gaussrep.errors import PluginError
from gaussrep.training.optimization import (
    fused_adam,
    make_optimizer,
    make_optimizers,
    parameter_groups,
    uncompiled,
    warmup_cosine,
)


@pytest.fixture
def method(toy):
    return build("methods", "toy")


def decays(method, weight_decay=0.05):
    names = {parameter: name for name, parameter in method.named_parameters()}
    return {
        names[parameter]: group["weight_decay"]
        for group in parameter_groups(method, weight_decay)
        for parameter in group["params"]
    }


def test_biases_norms_and_what_the_method_names_do_not_decay(method):
    assert decays(method) == {
        "inner.weight": 0.05,
        "outer.weight": 0.05,
        "inner.bias": 0.0,
        "outer.bias": 0.0,
        "norm.weight": 0.0,
        "norm.bias": 0.0,
        "query": 0.0,
    }


def test_no_decay_at_all_is_one_group(method):
    assert set(decays(method, 0.0).values()) == {0.0}
    assert len(decays(method, 0.0)) == 7


def test_frozen_parameters_are_left_out(method):
    method.inner.requires_grad_(False)
    assert not any(name.startswith("inner") for name in decays(method))


def test_a_name_that_is_no_parameter_is_refused(method, monkeypatch):
    monkeypatch.setattr(type(method), "no_weight_decay", lambda _: {"querry"})
    with pytest.raises(PluginError, match="'querry'"):
        parameter_groups(method, 0.05)


def test_nothing_to_train_is_refused(method, configure):
    method.requires_grad_(False)
    with pytest.raises(PluginError, match="no parameter to train"):
        make_optimizer(method, configure().trainer)


def test_adamw_as_configured(method, configure):
    optimizer = make_optimizer(method, configure("trainer.optimizer.betas=[0.8, 0.9]").trainer)
    assert isinstance(optimizer, torch.optim.AdamW)
    assert {group["lr"] for group in optimizer.param_groups} == {0.01}
    assert {tuple(group["betas"]) for group in optimizer.param_groups} == {(0.8, 0.9)}


def test_any_registered_optimizer_and_schedule(method, configure):
    trainer = configure(
        "trainer.optimizer={type: sgd, momentum: 0.5}",
        "trainer.schedule={type: constant, warmup_fraction: 0.5}",
    ).trainer
    (found,) = make_optimizers(method, trainer).values()
    assert isinstance(found.optimizer, torch.optim.SGD)
    assert found.optimizer.param_groups[0]["momentum"] == 0.5
    rates = [found.set_learning_rate(step, 8) for step in range(8)]
    assert rates == pytest.approx([0.0025, 0.005, 0.0075, *[0.01] * 5])


def test_a_method_without_any_optimizer_is_refused(method, configure, monkeypatch):
    monkeypatch.setattr(type(method), "configure_optimizers", lambda _: {})
    with pytest.raises(PluginError, match="returns no optimizer"):
        make_optimizers(method, configure().trainer)


def factors(steps, warmup, floor):
    return [warmup_cosine(step, steps=steps, warmup=warmup, floor=floor) for step in range(steps)]


def test_by_hand():
    assert factors(8, 4, 0.0) == pytest.approx(
        [0.25, 0.5, 0.75, 1.0, 1.0, (2 + math.sqrt(2)) / 4, 0.5, (2 - math.sqrt(2)) / 4]
    )


def test_a_run_of_one_step_trains_at_the_full_rate():
    assert factors(1, 0, 0.0) == [1.0]


def test_step_after_the_last_would_be_the_floor():
    assert warmup_cosine(10, steps=10, warmup=2, floor=0.25) == pytest.approx(0.25)


@given(
    steps=st.integers(1, 300),
    share=st.floats(0, 0.99),
    floor=st.floats(0, 1),
)
def test_rises_to_one_then_falls_to_the_floor(steps, share, floor):
    warmup = int(share * steps)
    values = factors(steps, warmup, floor)
    rise, fall = values[:warmup], values[warmup:]
    assert rise == sorted(rise)
    assert fall == sorted(fall, reverse=True)
    assert fall[0] == 1.0
    assert all(0 < value <= 1 for value in rise)
    assert all(floor - 1e-12 <= value <= 1 for value in fall)


@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        (torch.optim.Adam, {"lr": 0.1, "fused": True}),
        (torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.1}),
        (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ],
)
def test_numbers_and_states_of_optimizers_are_those_of_torch(optimizer, settings):
    found, expected = (torch.nn.Parameter(torch.arange(4.0)) for _ in range(2))
    plain = uncompiled(optimizer)([{"params": [found]}], **settings)
    own = optimizer([{"params": [expected]}], **settings)
    assert isinstance(plain, optimizer)
    assert type(plain).__name__ == optimizer.__name__
    for _ in range(3):
        for parameter, each in ((found, plain), (expected, own)):
            parameter.square().sum().backward()
            each.step()
            each.zero_grad()
    assert torch.equal(found, expected)
    assert not found.grad_fn
    resumed = uncompiled(optimizer)([found], **settings)
    resumed.load_state_dict(own.state_dict())
    torch.testing.assert_close(resumed.state_dict(), plain.state_dict(), rtol=0, atol=0)


def _train(optimizer, parameter, steps, generator):
    for _ in range(steps):
        parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize(
    "settings", [{}, {"eps": 1e-15, "betas": (0.8, 0.95), "weight_decay": 0.1}]
)
def test_steps_of_the_fused_adam_are_those_of_torch(settings):
    found, expected = (torch.nn.Parameter(torch.linspace(-1, 1, 1003)) for _ in range(2))
    own = fused_adam()([found], lr=0.01, fused=True, **settings)
    other = torch.optim.Adam([expected], lr=0.01, fused=True, **settings)
    _train(own, found, 5, torch.Generator().manual_seed(0))
    _train(other, expected, 5, torch.Generator().manual_seed(0))
    assert torch.equal(found, expected)
    torch.testing.assert_close(own.state_dict(), other.state_dict(), rtol=0, atol=0)
    resumed = fused_adam()([found], lr=1.0, fused=True)
    resumed.load_state_dict(deepcopy(other.state_dict()))
    _train(resumed, found, 2, torch.Generator().manual_seed(1))
    _train(other, expected, 2, torch.Generator().manual_seed(1))
    assert torch.equal(found, expected)


def test_the_fused_adam_leaves_parameters_without_a_gradient_alone():
    still, moved = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3))
    optimizer = fused_adam()([still, moved], lr=0.1, fused=True)
    _train(optimizer, moved, 3, torch.Generator().manual_seed(0))
    assert still.tolist() == [1, 1, 1]
    assert still not in optimizer.state
    assert moved.tolist() != [1, 1, 1]
    assert optimizer.state[moved]["step"] == 3


def test_hooks_of_the_fused_adam_are_called():
    weight, calls = torch.nn.Parameter(torch.ones(2)), []
    optimizer = fused_adam()([weight], lr=0.5, fused=True)
    _train(optimizer, weight, 2, torch.Generator())
    optimizer.register_step_post_hook(lambda *_: calls.append("post"))
    _train(optimizer, weight, 1, torch.Generator())
    assert calls == ["post"]


def test_a_closure_is_evaluated_with_gradients():
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = uncompiled(torch.optim.SGD)([weight], lr=0.5)

    def closure():
        loss = weight.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2
    assert weight.tolist() == [0, 0]
    assert weight.requires_grad


def test_hooks_of_steps_are_called():
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = uncompiled(torch.optim.SGD)([weight], lr=0.5)
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append("post"))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5**step)
    weight.grad = torch.ones(2)
    optimizer.step()
    schedule.step()
    assert calls == ["post"]
    assert optimizer.param_groups[0]["lr"] == 0.25
