import torch
from torch import nn

from gaussrep.methods.digest import hash_state_dict


def test_every_weight_name_and_shape_counts():
    torch.manual_seed(0)
    first = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    digests = {hash_state_dict(first)}
    assert hash_state_dict(first) in digests
    first[0].bias.data[1] += 1e-6
    digests.add(hash_state_dict(first))
    first[1].running_mean[0] = 1
    digests.add(hash_state_dict(first))
    digests.add(hash_state_dict(nn.ModuleDict({"x": first})))
    digests |= {hash_state_dict(nn.Linear(shape, 1)) for shape in (1, 2)}
    assert len(digests) == 6
    first[0].weight.data = first[0].weight.data.T.contiguous().T
    digests.add(hash_state_dict(first))
    assert len(digests) == 6
