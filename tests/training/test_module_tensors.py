import pytest
import torch
from torch import nn

from gaussrep.training.module_tensors import gradient_norm, list_buffers, list_parameters


def shared_and_missing():
    """Modules with shared parts, a parameter of their own and places that hold None."""
    module = nn.Sequential(nn.Linear(2, 3, bias=False), nn.BatchNorm1d(3), nn.Linear(3, 3))
    module.append(module[2])
    module.append(nn.Linear(3, 3))
    module[4].weight = module[2].weight
    module.own = nn.Parameter(torch.ones(1))
    module.gap = None
    module.raw = nn.ParameterDict({"a": torch.zeros(2), "b": torch.ones(2)})
    return module


def same(found, expected):
    return [id(each) for each in found] == [id(each) for each in expected]


def test_each_parameter_and_buffer_is_listed_once_in_the_order_of_torch():
    module = shared_and_missing()
    assert same(list_parameters(module), module.parameters())
    assert same(list_buffers(module), module.buffers())
    assert len(list_parameters(module)) == 9


@pytest.mark.parametrize("dtypes", [(), (torch.float32,) * 3, (torch.float32, torch.float64)])
def test_the_norm_is_that_of_torch(dtypes):
    generator = torch.Generator().manual_seed(0)
    gradients = [torch.randn(5, 3, generator=generator, dtype=each) for each in dtypes]
    assert gradient_norm(gradients) == float(nn.utils.get_total_norm(gradients))
    joined = torch.cat([each.double().flatten() for each in gradients] or [torch.zeros(1)])
    assert gradient_norm(gradients) == pytest.approx(joined.norm().item())
