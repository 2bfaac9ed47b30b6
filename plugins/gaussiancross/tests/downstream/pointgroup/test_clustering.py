import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussrep_gaussiancross.downstream.pointgroup.clustering import clusters


def brute_force(points, radius):
    """Flood fill over all pairs."""
    near = np.linalg.norm(points[:, None] - points[None], axis=2) <= radius
    found = np.full(len(points), -1)
    for start in range(len(points)):
        if found[start] == -1:
            waiting = [start]
            while waiting:
                point = waiting.pop()
                if found[point] == -1:
                    found[point] = start
                    waiting += np.flatnonzero(near[point] & (found == -1)).tolist()
    return found


def same_partition(first, second):
    return np.array_equal(first[:, None] == first, second[:, None] == second)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0.1, 10))
def test_points_of_a_coarse_lattice(seed, count, scale):
    """Lattice neighbors are a step apart, others 1.41 or more; the radius lies between."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 5, (count, 3)) * scale
    found = clusters(points + 0.3 * scale, 1.2 * scale)
    assert same_partition(found, brute_force(points, 1.2 * scale))


def test_a_chain_is_one_cluster_and_a_gap_parts_it():
    chain = np.stack([np.arange(50) * 0.025, np.zeros(50), np.zeros(50)], axis=1)
    assert len(np.unique(clusters(chain, 0.03))) == 1
    chain[20:, 0] += 0.03
    found = clusters(chain, 0.03)
    assert same_partition(found, (np.arange(50) >= 20).astype(int))


def test_crowded_points_are_no_burden():
    """20,000 points within one radius would be 200 million pairs."""
    rng = np.random.default_rng(0)
    crowd = rng.normal(0, 0.005, (20_000, 3))
    found = clusters(np.concatenate([crowd, crowd + 1]), 0.03)
    sizes = np.sort(np.bincount(found))[::-1]
    assert sizes[:2].tolist() == [20_000, 20_000]


def test_one_point_and_none():
    assert clusters(np.zeros((1, 3)), 0.1).tolist() == [0]
    assert clusters(np.zeros((0, 3)), 0.1).tolist() == []
