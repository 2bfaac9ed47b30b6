import math

import pytest
import torch

from gaussrep_gaussiancross.evaluations.instances import (
    THRESHOLDS,
    MatchResult,
    Overlaps,
    Proposals,
    instance_scores,
    match_predictions,
    valid_instances,
)


def scene(proposals, instances, labels):
    """Overlaps of proposals (first point, end, class, score) with a truth given point by point."""
    count = len(labels)
    masks = torch.zeros(len(proposals), count, dtype=torch.bool)
    for mask, (first, end, *_) in zip(masks, proposals, strict=True):
        mask[first:end] = True
    found = Proposals(
        masks,
        torch.tensor([label for _, _, label, _ in proposals], dtype=torch.int64),
        torch.tensor([score for *_, score in proposals], dtype=torch.float32),
    )
    return Overlaps.of(found, torch.tensor(labels), torch.tensor(instances))


TWO = ([0] * 10 + [1] * 10 + [-1] * 10, [1] * 20 + [0] * 10)
"""Two objects of class 1 of ten points each, and ten points of class 0 in no object."""


def test_thresholds():
    assert THRESHOLDS == (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)


def test_overlaps_by_hand():
    found = scene([(5, 12, 1, 0.5), (18, 24, 1, 0.7)], *TWO)
    assert found.shared.tolist() == [[5, 2], [0, 2]]
    assert found.predicted_sizes.tolist() == [7, 6]
    assert found.free.tolist() == [0, 4]
    assert found.target_sizes.tolist() == [10, 10]
    assert found.target_labels.tolist() == [1, 1]


def test_perfect():
    scores = instance_scores([scene([(0, 10, 1, 0.9), (10, 20, 1, 0.8)], *TWO)], 2, 1)
    assert (scores.ap, scores.ap50, scores.ap25) == (1.0, 1.0, 1.0)
    assert math.isnan(scores.class_aps[0])


def test_an_overlap_counts_up_to_its_threshold():
    """Eight of ten points: right at 0.5 to 0.75, wrong from 0.8 on (it must exceed it)."""
    scores = instance_scores([scene([(0, 8, 1, 0.9), (10, 20, 1, 0.9)], *TWO)], 2, 1)
    assert scores.ap50 == 1.0
    # Above, one hit and one false alarm of equal scores: one point, recall 0.5, precision 0.5.
    above = 0.5 * (1 + 0.5) / 2
    assert scores.ap == pytest.approx((6 + 3 * above) / 9)


def test_the_area_by_hand():
    """Right, wrong, right, with one object missed: recall 1/3, 1/3, 2/3; precision 1, 1/2, 2/3."""
    found = MatchResult(torch.tensor([0.5, 0.9, 0.7]), torch.tensor([True, True, False]), 1)
    wanted = 1 / 3 * 1 + 0 + 1 / 3 * (1 / 2 + 2 / 3) / 2
    assert found.average_precision == pytest.approx(wanted)


def test_equal_scores_come_together():
    first = MatchResult(torch.tensor([0.5, 0.5]), torch.tensor([True, False]), 0)
    second = MatchResult(torch.tensor([0.5, 0.5]), torch.tensor([False, True]), 0)
    assert first.average_precision == second.average_precision == pytest.approx((1 + 0.5) / 2)


def test_nothing_guessed_and_nothing_there():
    empty = torch.zeros(0), torch.zeros(0, dtype=torch.bool)
    assert MatchResult(*empty, 3).average_precision == 0.0
    assert math.isnan(MatchResult(*empty, 0).average_precision)
    assert math.isnan(MatchResult(torch.tensor([0.9]), torch.tensor([False]), 0).average_precision)


def test_the_surest_of_two_guesses_of_one_object_is_the_hit():
    found = match_predictions(scene([(0, 10, 1, 0.3), (0, 9, 1, 0.8)], *TWO), 1, 0.5, 1)
    assert found.scores.tolist() == pytest.approx([0.3, 0.8])
    assert found.hits.tolist() == [False, True]
    assert found.missed == 1


def test_another_class_is_no_hit():
    found = match_predictions(scene([(0, 10, 0, 0.9)], *TWO), 1, 0.5, 1)
    assert len(found.hits) == 0
    assert found.missed == 2
    found = match_predictions(scene([(0, 10, 0, 0.9)], *TWO), 0, 0.5, 1)
    assert found.hits.tolist() == [False]
    assert found.missed == 0


def test_a_guess_mostly_outside_of_all_objects_does_not_count():
    """Six of eight points lie in no object: at 0.5 not counted; at 0.75 just counted, as wrong."""
    overlaps = scene([(18, 26, 1, 0.9)], *TWO)
    assert len(match_predictions(overlaps, 1, 0.5, 1).hits) == 0
    assert match_predictions(overlaps, 1, 0.75, 1).hits.tolist() == [False]


def test_small_objects_need_not_be_found_and_small_guesses_are_not_looked_at():
    instances, labels = [0] * 4 + [1] * 10, [1] * 14
    overlaps = scene([(0, 4, 1, 0.9), (0, 6, 1, 0.8), (4, 14, 1, 0.7)], instances, labels)
    found = match_predictions(overlaps, 1, 0.5, 6)
    # The second prediction hits the small object, so it is neither right nor wrong.
    assert found.scores.tolist() == pytest.approx([0.7])
    assert found.hits.tolist() == [True]
    assert found.missed == 0


def test_scenes_are_ranked_together():
    """A sure false alarm in one scene comes before the hit of another."""
    alone = scene([(0, 10, 1, 0.5)], [0] * 10, [1] * 10)
    alarm = scene([(0, 10, 1, 0.9)], [0] * 10, [2] * 10)
    assert instance_scores([alone], 3, 1).ap == 1.0
    both = instance_scores([alone, alarm], 3, 1)
    # Class 1: precision 0 at recall 0, then 1/2 at recall 1; class 2 is there and was not found.
    assert both.class_aps[1:].tolist() == pytest.approx([0.25, 0.0])
    assert both.ap == pytest.approx(0.125)


def test_a_scene_without_guesses_and_without_objects():
    nothing = scene([], [-1] * 5, [0] * 5)
    assert nothing.shared.shape == (0, 0)
    there = scene([(0, 10, 1, 0.9), (10, 20, 1, 0.8)], *TWO)
    assert instance_scores([nothing, there], 2, 1).ap == 1.0


def test_stuff_has_no_objects():
    labels, instances = torch.tensor([0, 1, 2, -1, 2]), torch.tensor([4, 5, 6, 7, -1])
    assert valid_instances(labels, instances, (0, 1)).tolist() == [-1, -1, 6, -1, -1]
    assert valid_instances(labels, instances, ()).tolist() == [4, 5, 6, -1, -1]
