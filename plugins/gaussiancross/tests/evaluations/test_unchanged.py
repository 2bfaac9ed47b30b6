import pytest
import torch

from gaussrep_gaussiancross.evaluations.unchanged import unchanged


def interrupted(method):
    with unchanged(method):
        method.train()
        method.backbone.layers(torch.randn(8, 6) + 3)
        assert not torch.equal(method.backbone.layers[1].running_mean, torch.zeros(16))
        raise KeyboardInterrupt


def test_averages_and_modes_are_put_back_even_after_an_error(make_method):
    method = make_method()
    method.decoder.train()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    with pytest.raises(KeyboardInterrupt):
        interrupted(method)
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())
    modes = {name: module.training for name, module in method.named_modules()}
    assert [name for name, training in modes.items() if training] == ["decoder"]
