from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussrep.data.shapes.dataset import edges_of, render_layers
from gaussrep.data.shapes.polygons import rasterize_polygons
from gaussrep.data.shapes.scene import FAR, FRAME, NEAR, draw_scene

SCENES = st.tuples(st.integers(1, 8), st.integers(0, 8), st.integers(0, 2**32))
SIZES = st.integers(8, 40)


def scene(drawn):
    fewest, more, seed = drawn
    return draw_scene((fewest, fewest + more), np.random.default_rng(seed))


def plane(layer, size):
    """Depth of a layer's plane at all pixels' centers, in float64."""
    cells = (np.arange(size) + 0.5) / size
    x, y = np.meshgrid(cells - layer.center[0], cells - layer.center[1])
    return layer.depth + (layer.slant[0] * x + layer.slant[1] * y) / layer.reach


@settings(max_examples=60)
@given(SCENES, SIZES)
def test_the_visible_layer_is_the_nearest_that_covers_the_pixel(drawn, size):
    layers = scene(drawn)
    picture = render_layers(layers, size)
    covered = rasterize_polygons([layer.outline for layer in layers], size)
    depths = np.where(covered, np.stack([plane(layer, size) for layer in layers]), np.inf)
    assert np.array_equal(picture.order, depths.argmin(axis=0))
    np.testing.assert_allclose(picture.depth, depths.min(axis=0), rtol=1e-6)
    assert NEAR <= picture.depth.min() <= picture.depth.max() <= FAR


@settings(max_examples=60)
@given(SCENES, SIZES)
def test_edges_lie_on_the_nearer_side_of_every_change(drawn, size):
    layers = scene(drawn)
    picture = render_layers(layers, size)
    order = np.pad(picture.order, 1, mode="edge")
    for (row, column), edge in np.ndenumerate(picture.edges):
        here = order[row + 1, column + 1]
        around = (
            order[row, column + 1], order[row + 2, column + 1],
            order[row + 1, column], order[row + 1, column + 2],
        )  # fmt: skip
        assert edge == (min(around) < here)


@settings(max_examples=30)
@given(SCENES, SIZES)
def test_a_finer_drawing_shows_the_same(drawn, size):
    layers = scene(drawn)
    coarse, fine = render_layers(layers, size), render_layers(layers, 3 * size)
    assert np.array_equal(fine.order[1::3, 1::3], coarse.order)
    np.testing.assert_allclose(fine.depth[1::3, 1::3], coarse.depth, atol=1e-5)


@settings(max_examples=60)
@given(SCENES)
def test_layers_never_meet_in_depth(drawn):
    layers = scene(drawn)
    slopes = [np.linalg.norm(layer.slant) for layer in layers]
    for far, near, a, b in zip(layers[:-1], layers[1:], slopes[:-1], slopes[1:], strict=True):
        assert far.depth - a > near.depth + b
    assert np.array_equal(layers[0].outline, FRAME)


def plain(layer, outline, gray):
    """A layer without texture and shading, at one depth."""
    color = np.full(3, gray)
    return replace(
        layer,
        outline=outline,
        slant=np.zeros(2),
        light=np.zeros(2),
        dome=0.0,
        color=color,
        accent=color,
    )


def test_a_vertical_contour_by_hand():
    first, second = draw_scene((1, 1), np.random.default_rng(0))
    reaches_into = 2 + 2 / 3  # two thirds of the third column
    outline = np.array([[0.0, 0.0], [reaches_into / 8, 0.0], [reaches_into / 8, 1.0], [0.0, 1.0]])
    picture = render_layers([plain(first, FRAME, 0.0), plain(second, outline, 0.9)], 8)
    for row in range(8):
        np.testing.assert_allclose(picture.image[:, row], [[0.9, 0.9, 0.6, 0, 0, 0, 0, 0]] * 3)
        assert picture.order[row].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
        assert picture.edges[row].tolist() == [False, False, True] + [False] * 5
        assert picture.depth[row] == pytest.approx([second.depth] * 3 + [first.depth] * 5)


def test_brightness_rises_towards_the_light_and_falls_off_the_center():
    first, second = draw_scene((1, 1), np.random.default_rng(0))
    flat, outside = plain(first, FRAME, 0.5), plain(second, FRAME + 2, 0.9)
    reach = np.sqrt(0.5)
    lit = render_layers([replace(flat, light=np.array([0.2, 0.0])), outside], 10).image[0, 3]
    x = (np.arange(10) + 0.5) / 10 - 0.5
    np.testing.assert_allclose(lit, 0.5 * (1 + 0.2 * x / reach), rtol=1e-5)
    domed = render_layers([replace(flat, dome=0.2), outside], 10).image[0, 3]
    np.testing.assert_allclose(domed, 0.5 * (1 - 0.2 * (x**2 + 0.15**2) / 0.5), rtol=1e-5)


def test_diagonal_contours_are_one_pixel_wide():
    order = (np.add.outer(np.arange(9), np.arange(9)) > 8).astype(np.int64)
    edges = edges_of(order)
    assert np.array_equal(edges, np.add.outer(np.arange(9), np.arange(9)) == 9)
