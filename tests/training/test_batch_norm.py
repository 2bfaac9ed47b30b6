from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from gaussrep.training import batch_norm


@pytest.fixture
def alone(monkeypatch):
    """A process group of one process."""
    group = SimpleNamespace(
        get_world_size=lambda: 1,
        all_gather=lambda parts, own: parts[0].copy_(own),
        all_reduce=lambda values: None,
    )
    monkeypatch.setattr(batch_norm, "distributed", group)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("settings", [{}, {"affine": False}, {"momentum": None}, {"eps": 1e-3}])
@pytest.mark.parametrize("shape", [(7, 3), (2, 3, 4, 5, 2)])
def test_one_process_gets_what_torch_computes(shape, settings):
    kind = nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm3d
    torch.manual_seed(0)
    x, upstream = 2 + 3 * torch.randn(shape), torch.randn(shape)

    def steps(synchronized):
        norm = kind(3, **settings)
        if norm.affine:
            nn.init.normal_(norm.weight, generator=torch.Generator().manual_seed(1))
        joint = batch_norm.synchronized_batch_norms(nn.Sequential(norm))
        leaf = x.clone().requires_grad_()
        with joint if synchronized else nullcontext():
            for _ in range(2):
                (norm(leaf) * upstream).sum().backward()
        gradients = [each.grad for each in (leaf, *norm.parameters())]
        return [norm(leaf), *gradients, *norm.buffers(), norm.eval()(leaf)]

    for found, wanted in zip(steps(True), steps(False), strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.usefixtures("alone")
def test_a_single_value_is_refused_in_training():
    norm = nn.BatchNorm1d(3)
    with batch_norm.synchronized_batch_norms(norm):
        with pytest.raises(ValueError, match="more than 1 value per channel, got"):
            norm(torch.ones(1, 3))
        assert norm.eval()(torch.ones(1, 3)).shape == (1, 3)
