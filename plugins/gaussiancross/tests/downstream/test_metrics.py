import math

import pytest
import torch

from gaussrep_gaussiancross.downstream.metrics import confusion_matrix, segmentation_scores


def test_counts_by_hand():
    labels = torch.tensor([0, 0, 1, 2, -1, 1])
    guesses = torch.tensor([0, 1, 1, 0, 2, 1])
    found = confusion_matrix(guesses, labels, 3)
    assert found.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_counts_of_scenes_add_up():
    generator = torch.Generator().manual_seed(0)
    guesses, labels = torch.randint(4, (2, 50), generator=generator)
    halves = [confusion_matrix(guesses[s], labels[s], 4) for s in (slice(20), slice(20, None))]
    assert torch.equal(sum(halves), confusion_matrix(guesses, labels, 4))


def test_scores_by_hand():
    """Class 2 is nowhere; class 3 is guessed once, though it is not there."""
    scores = segmentation_scores(
        torch.tensor([[3, 1, 0, 0], [0, 5, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
    )
    assert scores.ious.tolist()[:2] == [3 / 4, 5 / 7]
    assert math.isnan(scores.ious[2])
    assert scores.ious[3] == 0
    assert scores.miou == pytest.approx((3 / 4 + 5 / 7 + 0) / 3)
    assert scores.macc == pytest.approx((3 / 4 + 5 / 6) / 2)
    assert scores.all_acc == pytest.approx(8 / 10)


def test_nothing_without_a_label_counts():
    found = confusion_matrix(torch.tensor([1, 0]), torch.tensor([-1, -1]), 2)
    assert found.sum() == 0
