import pytest

from gaussrep_gmae.layers import depth_map


def test_depth_is_expected_and_ends_at_the_far_face(make_gaussians):
    depth = depth_map(make_gaussians(((8, 8), 0.5, (1.0, 0, 0), 0.8, 2.0)), 32)[0]
    assert depth[8, 8].item() == pytest.approx(0.8 * 0.75 + 0.2, abs=1e-4)
    assert depth[28, 28].item() == 1


def test_the_nearer_of_two_counts_first(make_gaussians):
    near, far = ((8, 8), -0.8, (1.0, 0, 0), 0.9, 2.0), ((8, 8), 0.6, (0.0, 0, 1), 0.9, 2.0)
    depth = depth_map(make_gaussians(far, near), 32)[0, 8, 8].item()
    assert depth == pytest.approx(0.9 * 0.1 + 0.09 * 0.8 + 0.01, abs=1e-4)
