import pytest
import torch

from gaussrep_gaussiancross.downstream.pointgroup.offsets import offset_loss, true_offsets


def test_ways_to_the_middle_by_hand():
    """The objects of two scenes have the same number, and are two all the same."""
    points = torch.tensor([[0.0, 0, 0], [2, 0, 0], [9, 9, 9], [1, 1, 1], [1, 3, 1]])
    instances, scene = torch.tensor([4, 4, -1, 4, 4]), torch.tensor([0, 0, 0, 1, 1])
    offsets, inside = true_offsets(points, instances, scene)
    assert inside.tolist() == [True, True, False, True, True]
    assert offsets.tolist() == [[1, 0, 0], [-1, 0, 0], [0, 0, 0], [0, 1, 0], [0, -1, 0]]


def test_moved_points_of_an_object_meet():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(30, 3, generator=generator)
    instances = torch.randint(-1, 3, (30,), generator=generator)
    offsets, inside = true_offsets(points, instances, torch.zeros(30, dtype=torch.int64))
    for number in range(3):
        met = (points + offsets)[instances == number]
        torch.testing.assert_close(met, points[instances == number].mean(0).expand_as(met))
    assert torch.equal(inside, instances >= 0)


def test_loss_by_hand():
    true = torch.tensor([[1.0, 0, 0], [0, 2, 0], [5, 5, 5]])
    guessed = torch.tensor([[2.0, 0, 0], [0, 0, 1], [0, 0, 0]], requires_grad=True)
    inside = torch.tensor([True, True, False])
    loss = offset_loss(guessed, true, inside)
    assert loss.item() == pytest.approx((1 + 3) / 2 - (1 + 0) / 2)
    assert offset_loss(true, true, inside).item() == pytest.approx(-1)
    loss.backward()
    assert guessed.grad[2].eq(0).all()


def test_no_objects():
    guessed = torch.ones(4, 3, requires_grad=True)
    none = torch.full((4,), -1)
    true, inside = true_offsets(torch.ones(4, 3), none, torch.zeros(4, dtype=torch.int64))
    loss = offset_loss(guessed, true, inside)
    loss.backward()
    assert loss == 0
    assert guessed.grad.eq(0).all()
