from dataclasses import astuple

import numpy as np
import pytest

from gaussrep.errors import ShapeError, ValueRangeError
from gaussrep_gmae.boundaries import score_boundaries
from gaussrep_gmae.boundaries.matching import Counts
from gaussrep_gmae.boundaries.scores import average_precision, summarize

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


SIZE = 60
"""Of the square maps; a tolerance of 0.05 is then 4.24 pixels."""


def lines(*rows):
    drawn = np.zeros((SIZE, SIZE), dtype=bool)
    drawn[list(rows), 5:-5] = True
    return drawn


def score(strength, *annotators, thresholds=3, tolerance=0.05):
    return score_boundaries(
        [strength.astype(float)],
        [np.stack(annotators)],
        thresholds=thresholds,
        tolerance=tolerance,
    )


def test_a_perfect_map():
    scores = score(lines(30), lines(30), thresholds=99)
    assert (scores.ods, scores.ois, scores.ods_precision, scores.ods_recall) == (1, 1, 1, 1)
    assert scores.thresholds == pytest.approx(np.arange(1, 100) / 100)


@pytest.mark.parametrize(("shift", "expected"), [(1, 1), (4, 1), (5, 0)])
def test_a_shifted_line(shift, expected):
    assert score(lines(30 + shift), lines(30)).ods == expected


def test_of_two_lines_one_may_match():
    scores = score(lines(29, 32), lines(30))
    assert (scores.ods_precision, scores.ods_recall) == (0.5, 1)


def test_a_line_that_is_not_found():
    scores = score(lines(10), lines(10, 40))
    assert (scores.ods_precision, scores.ods_recall) == (1, 0.5)


def test_any_annotator_makes_a_pixel_right_and_each_must_be_found():
    scores = score(lines(10, 40), lines(10), lines(40), lines(10, 25, 40))
    assert scores.ods_precision == 1
    assert scores.ods_recall == pytest.approx(4 / 5)


def test_detections_are_thinned_before_they_are_counted():
    scores = score(lines(29, 30, 31), lines(30))
    assert scores.ods_precision == 1
    assert scores.ods_recall == pytest.approx(1, abs=0.05)


def test_a_threshold_keeps_what_reaches_it():
    strength = 0.25 * lines(10) + 0.5 * lines(25) + 0.7 * lines(40)
    scores = score(strength, lines(10))
    assert scores.thresholds.tolist() == [0.25, 0.5, 0.75]
    assert scores.precision == pytest.approx([1 / 3, 0, 0])
    assert scores.recall.tolist() == [1, 0, 0]
    assert (scores.ods, scores.ods_threshold) == (pytest.approx(0.5), 0.25)


def test_an_empty_map():
    scores = score(lines() * 0.0, lines(30))
    assert (scores.ods, scores.ois, scores.ap) == (0, 0, 0)


def test_an_image_without_boundaries():
    scores = score(lines(30), lines())
    assert (scores.ods_precision, scores.ods_recall, scores.ods) == (0, 0, 0)


def test_processes_change_nothing():
    rng = np.random.default_rng(0)
    strengths = [rng.random(shape) for shape in ((20, 30), (25, 20), (10, 10))]
    annotations = [rng.random((2, *each.shape)) < 0.1 for each in strengths]
    alone = score_boundaries(strengths, annotations, thresholds=5, tolerance=0.03)
    together = score_boundaries(strengths, annotations, thresholds=5, tolerance=0.03, processes=2)
    for actual, other in zip(astuple(alone), astuple(together), strict=True):
        np.testing.assert_array_equal(actual, other)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"thresholds": 0}, "thresholds is 0"),
        ({"processes": 0}, "processes is 0"),
        ({"tolerance": 1.0}, r"tolerance is 1\.0"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueRangeError, match=message):
        score_boundaries([np.zeros((4, 4))], [np.zeros((1, 4, 4), dtype=bool)], **settings)


@pytest.mark.parametrize("value", [-0.5, 1.5, np.nan])
def test_strengths_out_of_range(value):
    with pytest.raises(ValueRangeError, match=r"image 0: strengths run from .* expected \[0, 1\]"):
        score_boundaries([np.full((4, 4), value)], [np.zeros((1, 4, 4), dtype=bool)])


@pytest.mark.parametrize("shape", [(0, 4, 4), (1, 4, 5)])
def test_annotations_that_do_not_fit(shape):
    with pytest.raises(ShapeError, match="image 0: annotations have shape"):
        score_boundaries([np.zeros((4, 4))], [np.zeros(shape, dtype=bool)])


def test_no_images():
    with pytest.raises(ShapeError, match="got 0 strength maps and the annotations of 0 images"):
        score_boundaries([], [])
