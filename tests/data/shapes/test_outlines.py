import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.data.shapes.polygons import area, draw_outline


@given(st.integers(0, 2**32))
def test_outlines_go_once_around_the_origin_and_enclose_the_unit_circle_s_area(seed):
    outline = draw_outline(np.random.default_rng(seed))
    x, y = outline.T
    assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2 == pytest.approx(np.pi)
    angles = np.arctan2(y, x)
    steps = np.diff(angles, append=angles[0]) % (2 * np.pi)
    assert 0 < steps.min() <= steps.max() < np.pi
    assert steps.sum() == pytest.approx(2 * np.pi)


def test_all_kinds_are_drawn():
    rng = np.random.default_rng(0)
    counts = {len(draw_outline(rng)) for _ in range(200)}
    assert {3, 4, 5, 6, 7, 8, 10, 12, 14, 64} == counts


def test_the_area_of_a_triangle():
    assert area(np.array([1 + 1j, 4 + 1j, 1 + 3j])) == pytest.approx(3.0)
