import pytest
import torch

from gaussrep.fitting.share_out import MOST_COPIES, share_out


@pytest.mark.parametrize("k", [1, 2, 3, 7, 51])
def test_copies_stop_as_much_light_as_the_one(k):
    opacities = torch.tensor([0.02, 0.5, 0.9, 0.994])
    scales = torch.tensor([[0.1, 0.2, 0.4]]).repeat(4, 1)
    shared, narrower = share_out(opacities, scales, torch.full((4,), k))
    x = torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None]

    def stopped(opacity, scale, copies):
        bell = (-0.5 * (x / scale).square()).exp()
        return (1 - (1 - opacity * bell) ** copies).sum(0)

    torch.testing.assert_close(1 - (1 - shared.double()) ** k, opacities.double())
    one = stopped(opacities.double(), scales[:, 2].double(), 1)
    many = stopped(shared.double(), narrower[:, 2].double(), k)
    torch.testing.assert_close(many, one, rtol=1e-5, atol=0)
    torch.testing.assert_close(narrower[:, 0] / narrower[:, 2], torch.full((4,), 0.25))


def test_one_copy_is_the_same():
    shared, scales = share_out(torch.tensor([0.3]), torch.ones(1, 3), torch.tensor([1]))
    torch.testing.assert_close(shared, torch.tensor([0.3]))
    torch.testing.assert_close(scales, torch.ones(1, 3))


def test_no_more_than_so_many_copies_are_reckoned_with():
    many = share_out(torch.tensor([0.5]), torch.ones(1, 3), torch.tensor([1000]))
    most = share_out(torch.tensor([0.5]), torch.ones(1, 3), torch.tensor([MOST_COPIES]))
    assert torch.equal(many[0], most[0])
    assert torch.equal(many[1], most[1])


def test_what_cannot_be_seen_keeps_its_scale():
    shared, scales = share_out(torch.zeros(1), torch.ones(1, 3), torch.tensor([4]))
    assert shared.item() == 0
    assert torch.equal(scales, torch.ones(1, 3))
