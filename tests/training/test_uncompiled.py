import pytest
import torch

from gaussrep.training.uncompiled import uncompiled


@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        (torch.optim.Adam, {"lr": 0.1, "fused": True}),
        (torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.1}),
        (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ],
)
def test_numbers_and_states_are_those_of_torch(optimizer, settings):
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
