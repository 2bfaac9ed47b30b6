import pytest
from scipy import stats

from gaussrep.evaluation.intervals import is_equivalent, paired_difference


def test_the_interval_is_that_of_the_paired_t_test():
    first, second = [0.44, 0.46, 0.47, 0.41], [0.45, 0.45, 0.45, 0.42]
    found = paired_difference(first, second)
    expected = stats.ttest_rel(first, second).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.mean == pytest.approx(0.0025)


def test_equal_differences_have_no_width():
    found = paired_difference([3.0, 4.0], [1.0, 2.0])
    assert (found.mean, found.low, found.high) == (2.0, 2.0, 2.0)


def test_rows_are_equivalent_only_where_the_interval_fits_the_margin():
    equal = [0.50, 0.51, 0.52], [0.51, 0.51, 0.51]
    assert is_equivalent(*equal, margin=0.02)
    assert not is_equivalent(*equal, margin=0.015)
    assert not is_equivalent([0.6, 0.61, 0.62], [0.5, 0.51, 0.52], margin=0.05)
