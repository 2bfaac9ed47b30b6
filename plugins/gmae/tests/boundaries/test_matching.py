from itertools import permutations

import numpy as np
import pytest

from gaussrep_gmae.boundaries.matching import match, pairs_within


def matched(detected, annotated, radius, active=None):
    pairs = pairs_within(detected, annotated, radius)
    return match(pairs, np.ones(detected.sum(), dtype=bool) if active is None else active)


def most_by_trying(detected, annotated, radius):
    """The most matches over all ways to give each detected pixel a place in line."""
    smaller, larger = np.argwhere(detected), np.argwhere(annotated)
    if len(smaller) > len(larger):
        smaller, larger = larger, smaller
    near = np.linalg.norm(smaller[:, None] - larger, axis=-1) <= radius
    rows = np.arange(len(smaller))
    return max(
        near[rows, list(order)].sum() for order in permutations(range(len(larger)), len(smaller))
    )


@pytest.mark.parametrize("seed", range(30))
def test_no_assignment_of_tiny_maps_matches_more(seed):
    rng = np.random.default_rng(seed)
    detected, annotated = np.zeros((2, 5, 5), dtype=bool)
    detected.flat[rng.choice(25, rng.integers(1, 7), replace=False)] = True
    annotated.flat[rng.choice(25, rng.integers(1, 7), replace=False)] = True
    radius = float(rng.choice([0.0, 1.0, 1.5, 2.3]))
    expected = most_by_trying(detected, annotated, radius)
    assert matched(detected, annotated, radius).sum() == expected


@pytest.mark.parametrize("radius", [1.0, 2.5, 4.3])
def test_as_many_as_scipy_matches(radius):
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    rng = np.random.default_rng(0)
    detected, annotated = rng.random((2, 40, 40)) < [[[0.15]], [[0.1]]]
    near = (
        np.linalg.norm(np.argwhere(detected)[:, None] - np.argwhere(annotated), axis=-1) <= radius
    )
    expected = (maximum_bipartite_matching(csr_array(near.astype(int))) >= 0).sum()
    assert matched(detected, annotated, radius).sum() == expected


def test_an_augmenting_path_is_found():
    annotated, detected = np.zeros((2, 1, 8), dtype=bool)
    annotated[0, [0, 3]] = True
    detected[0, [2, 5]] = True  # 2 takes 3, its nearest, and must give it to 5
    assert matched(detected, annotated, 2.0).all()


def test_the_nearer_of_two_that_want_one():
    annotated, detected = np.zeros((2, 1, 8), dtype=bool)
    annotated[0, 4] = True
    detected[0, [2, 3]] = True
    assert matched(detected, annotated, 2.0).tolist() == [False, True]


def test_a_distance_of_the_radius_still_counts():
    annotated, detected = np.zeros((2, 6, 6), dtype=bool)
    annotated[0, 0] = detected[3, 4] = True
    assert matched(detected, annotated, 5.0).all()
    assert not matched(detected, annotated, 4.999).any()


def test_only_active_pixels_take_part():
    annotated, detected = np.zeros((2, 1, 8), dtype=bool)
    annotated[0, 4] = True
    detected[0, [2, 3]] = True
    active = np.array([True, False])
    assert matched(detected, annotated, 2.0, active).tolist() == [True, False]


def test_nothing_to_match():
    full, empty = np.ones((3, 3), dtype=bool), np.zeros((3, 3), dtype=bool)
    assert not matched(full, empty, 2.0).any()
    assert matched(empty, full, 2.0).shape == (0,)
