import torch
from einops import rearrange

from gaussrep.methods import join_rows
from gaussrep.methods.joint_batch import are_joint, shared_random_numbers, with_row_before


def test_alone_nothing_is_joined():
    rows = torch.rand(3, 2)
    assert join_rows(rows) is rows
    assert not are_joint()


def test_the_row_before_the_first_is_the_last():
    rows = rearrange(torch.arange(6), "(n c) -> n c", c=2)
    assert torch.equal(with_row_before(rows), rows[[-1, 0, 1, 2]])


def test_random_numbers_alone_are_those_of_the_global_generator():
    torch.manual_seed(0)
    wanted = torch.rand(2)
    torch.manual_seed(0)
    with shared_random_numbers(torch.device("cpu")):
        first = torch.rand(1)
    assert torch.equal(torch.cat([first, torch.rand(1)]), wanted)
