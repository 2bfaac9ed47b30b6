import math

import pytest
import torch

from gaussrep_gaussiancross.evaluations.segmentation import (
    MAX_VOTES,
    confusion_matrix,
    segmentation_scores,
    transform_scene,
    vote,
    vote_transforms,
)


def test_counts_by_hand():
    labels = torch.tensor([0, 0, 1, 2, -1, 1])
    predictions = torch.tensor([0, 1, 1, 0, 2, 1])
    found = confusion_matrix(predictions, labels, 3)
    assert found.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_counts_of_scenes_add_up():
    generator = torch.Generator().manual_seed(0)
    predictions, labels = torch.randint(4, (2, 50), generator=generator)
    halves = [confusion_matrix(predictions[s], labels[s], 4) for s in (slice(20), slice(20, None))]
    assert torch.equal(sum(halves), confusion_matrix(predictions, labels, 4))


def test_scores_by_hand():
    """Class 2 is nowhere; class 3 is predicted once, though it is not there."""
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


def batch_of(count=5):
    generator = torch.Generator().manual_seed(0)
    normals = torch.nn.functional.normalize(torch.randn(count, 3, generator=generator))
    return {
        "points": torch.randn(count, 3, generator=generator),
        "normals": normals,
        "colors": torch.rand(count, 3, generator=generator),
    }


def test_thirteen_turns():
    matrices = vote_transforms(MAX_VOTES)
    assert len(matrices) == 13
    torch.testing.assert_close(matrices[0], torch.eye(3))
    scales = matrices.det().abs() ** (1 / 3)
    wanted = torch.tensor([1.0] * 4 + [0.95] * 4 + [1.05] * 4 + [1.0])
    torch.testing.assert_close(scales, wanted)
    assert matrices.det().sign().tolist() == [1] * 12 + [-1]
    vertical = matrices[:, 2] / scales[:, None]
    torch.testing.assert_close(vertical, torch.tensor([0.0, 0, 1]).expand(13, 3))
    different = torch.cdist(matrices.flatten(1), matrices.flatten(1)) > 0.01
    assert different.sum() == 13 * 12


def test_normals_keep_their_length_and_their_angle_to_the_points():
    batch = batch_of()
    angles = (batch["points"] * batch["normals"]).sum(1)
    for matrix in vote_transforms(MAX_VOTES):
        turned = transform_scene(batch, matrix)
        scale = matrix.det().abs() ** (1 / 3)
        torch.testing.assert_close(turned["normals"].norm(dim=1), torch.ones(5))
        torch.testing.assert_close((turned["points"] * turned["normals"]).sum(1), scale * angles)
        assert turned["colors"] is batch["colors"]


def test_votes_are_means_of_probabilities():
    batch = batch_of()

    def scores(view):
        return torch.stack([view["points"][:, 0], torch.zeros(5)], dim=1)

    torch.testing.assert_close(vote(scores, batch, 1), scores(batch).softmax(1))
    x, y = batch["points"][:, 0], batch["points"][:, 1]
    sides = torch.stack([x, -y, -x, y])  # a quarter turn takes x to y and y to -x
    wanted = sides.sigmoid().mean(0)
    torch.testing.assert_close(vote(scores, batch, 4)[:, 0], wanted)


def test_what_does_not_depend_on_the_side_is_not_changed():
    batch = batch_of()

    def scores(view):
        return torch.stack([view["colors"][:, 0], view["normals"][:, 2]], dim=1)

    found = vote(scores, batch, MAX_VOTES)
    torch.testing.assert_close(found, scores(batch).softmax(1))
    assert math.isclose(found.sum().item(), 5.0, rel_tol=1e-5)
