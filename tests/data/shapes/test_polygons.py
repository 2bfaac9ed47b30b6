import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.data.shapes.polygons import area, draw_outline, rasterize_polygons


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


def winding(outline, size):
    """Turns of the outline around each cell's center, by summing angles."""
    cells = (np.arange(size) + 0.5) / size
    points = np.stack(np.meshgrid(cells, cells), axis=-1)[:, :, None]
    a, b = outline - points, np.roll(outline, -1, axis=0) - points
    cross = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    turns = np.arctan2(cross, (a * b).sum(axis=-1)).sum(axis=-1) / (2 * np.pi)
    return np.abs(turns)


@given(
    st.integers(0, 2**32),
    st.floats(0.05, 1.5),
    st.tuples(st.floats(-0.3, 1.3), st.floats(-0.3, 1.3)),
    st.integers(1, 40),
)
def test_a_cell_is_inside_where_the_outline_winds_around_its_center(seed, radius, center, size):
    outline = np.array(center) + radius * draw_outline(np.random.default_rng(seed))
    turns = winding(outline, size)
    certain = np.abs(turns - 0.5) > 0.4
    assert certain.mean() > 0.9
    assert np.array_equal(rasterize_polygons([outline], size)[0][certain], turns[certain] > 0.5)


def test_a_rectangle_by_hand():
    outline = np.array([[0.2, 0.3], [0.8, 0.3], [0.8, 0.9], [0.2, 0.9]])
    expected = [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 1, 0]]
    assert rasterize_polygons([outline], 4)[0].astype(int).tolist() == expected


def test_an_hourglass_follows_the_even_odd_rule():
    outline = np.array([[-0.1, 0.0], [1.1, 0.0], [-0.1, 1.0], [1.1, 1.0]])
    expected = [[1, 1, 1, 1], [0, 1, 1, 0], [0, 1, 1, 0], [1, 1, 1, 1]]
    assert rasterize_polygons([outline], 4)[0].astype(int).tolist() == expected


def test_outlines_are_filled_each_for_itself():
    rng = np.random.default_rng(0)
    outlines = [rng.uniform(0, 1, 2) + rng.uniform(0.1, 0.6) * draw_outline(rng) for _ in range(9)]
    alone = [rasterize_polygons([outline], 30)[0] for outline in outlines]
    assert np.array_equal(rasterize_polygons(outlines, 30), alone)


def test_what_lies_outside_fills_nothing():
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    shifts = [(0.0, 0.0), (-2.0, 0.0), (2.0, 0.0), (0.0, -2.0), (0.0, 2.0)]
    masks = rasterize_polygons([square + np.array(shift) for shift in shifts], 5)
    assert masks.all(axis=(1, 2)).tolist() == [True, False, False, False, False]
    assert masks.any(axis=(1, 2)).tolist() == [True, False, False, False, False]
    assert not rasterize_polygons([square + 2], 5).any()
