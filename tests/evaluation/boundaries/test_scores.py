import numpy as np
import pytest

from gaussrep.evaluation.boundaries.counts import Counts
from gaussrep.evaluation.boundaries.scores import average_precision, summarize

THRESHOLDS = np.array([0.25, 0.75])


def counts(right, detected, found, annotated):
    return Counts(*(np.array(each) for each in (right, detected, found, [annotated] * len(right))))


def test_counts_are_summed_over_images_before_they_are_divided():
    scores = summarize([counts([8], [10], [4], 5), counts([0], [10], [1], 20)], np.array([0.5]))
    assert scores.ods_precision == pytest.approx(8 / 20)
    assert scores.ods_recall == pytest.approx(5 / 25)
    assert scores.ods == pytest.approx(2 * 0.4 * 0.2 / 0.6)


def test_each_image_has_a_best_threshold_of_its_own():
    first = counts([10, 1], [10, 1], [10, 1], 10)
    second = counts([10, 9], [90, 9], [10, 9], 10)
    scores = summarize([first, second], THRESHOLDS)
    assert scores.ois == pytest.approx(2 * 1 * (19 / 20) / (1 + 19 / 20))
    assert scores.ods < scores.ois


def test_the_best_f_may_lie_between_two_thresholds():
    scores = summarize([counts([20, 10], [100, 10], [10, 1], 10)], THRESHOLDS)
    part = np.linspace(0, 1, 100)
    precision, recall = 0.2 + 0.8 * part, 1 - 0.9 * part
    f = 2 * precision * recall / (precision + recall)
    assert scores.ods == pytest.approx(f.max())
    assert scores.ods > max(f[0], f[-1])
    assert scores.ods_threshold == pytest.approx(0.25 + 0.5 * part[f.argmax()])
    assert scores.ods_precision == pytest.approx(precision[f.argmax()])
    assert scores.ods_recall == pytest.approx(recall[f.argmax()])


def test_the_area_counts_no_recall_that_is_not_reached():
    full = average_precision(np.array([1.0, 1.0]), np.array([1.0, 0.0]))
    half = average_precision(np.array([1.0, 1.0]), np.array([0.5, 0.0]))
    assert full == pytest.approx(1.01)
    assert half == pytest.approx(0.51)


def test_the_area_under_a_slope():
    recalls = np.arange(101) / 100
    area = average_precision(np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    assert area == pytest.approx((1 - recalls).sum() / 100)


def test_one_recall_has_no_area():
    assert average_precision(np.array([1.0, 1.0]), np.array([0.7, 0.7])) == 0


def test_of_equal_recalls_the_lowest_threshold_counts():
    given = average_precision(np.array([0.5, 0.5, 0.0]), np.array([1.0, 0.0, 0.0]))
    assert given == pytest.approx(0.505)


def test_nothing_detected_scores_nothing():
    scores = summarize([counts([0, 0], [0, 0], [0, 0], 10)], THRESHOLDS)
    assert (scores.ods, scores.ois, scores.ap) == (0, 0, 0)
