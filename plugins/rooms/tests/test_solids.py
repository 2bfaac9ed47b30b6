"""The kernels against formulas written down a second time, and against numbers by hand."""

import numpy as np
import pytest

from gaussrep_rooms.materials import plain
from gaussrep_rooms.primitives import ball, bowl, box, frustum, pack_primitives
from gaussrep_rooms.raycast import NOTHING, cast_rays, normals_at
from gaussrep_rooms.surface import sample_surface

GRAY = plain((0.5, 0.5, 0.5))
SOLIDS = {
    "box": box((1.0, 2.0, 0.5), (0.6, 1.0, 1.4), GRAY, tilt=0.3, yaw=0.7),
    "cylinder": frustum((1.0, 2.0, 0.5), (0.8, 0.8, 1.2), GRAY),
    "cone": frustum((1.0, 2.0, 0.5), (0.8, 0.5, 1.2), GRAY, taper=0.6),
    "cup": frustum((1.0, 2.0, 0.5), (0.8, 0.5, 1.2), GRAY, taper=-0.6),
    "rod": frustum((1.0, 2.0, 0.5), (2.0, 0.2, 0.3), GRAY, along=0),
    "ball": ball((1.0, 2.0, 0.5), (0.9, 0.6, 1.3), GRAY),
    "bowl": bowl((1.0, 2.0, 0.5), (1.0, 0.8, 0.5), GRAY),
}
INTRINSICS = np.array([[40.0, 0, 20], [0, 40.0, 15], [0, 0, 1]])


def straight(eye):
    """A camera that looks along +y."""
    viewmat = np.eye(4)
    viewmat[:3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    viewmat[:3, 3] = -viewmat[:3, :3] @ eye
    return viewmat


def test_a_wall_by_hand():
    wall = pack_primitives([box((0, 3.5, -5), (20, 1, 10), GRAY)])
    depth, seen = cast_rays(wall, straight(np.zeros(3)), INTRINSICS, 30, 40)
    np.testing.assert_allclose(depth, 3.0)
    assert (seen == 0).all()
    depth, seen = cast_rays(wall, straight(np.array([0, 10.0, 0])), INTRINSICS, 30, 40)
    assert np.isinf(depth).all()
    assert (seen == NOTHING).all()


def test_a_ball_by_hand():
    """Radius 1 in 5 meters: its limb is at tan(asin(1 / 5)) = 0.2041, 8.16 pixels."""
    primitives = pack_primitives([ball((0, 5, -1), (2, 2, 2), GRAY)])
    intrinsics = INTRINSICS.copy()
    intrinsics[:2, 2] = 20.5, 15.5
    depth, seen = cast_rays(primitives, straight(np.zeros(3)), intrinsics, 31, 41)
    assert depth[15, 20] == pytest.approx(4.0)
    assert np.flatnonzero(seen[15] == 0).tolist() == list(range(12, 29))
    assert np.flatnonzero(seen[:, 20] == 0).tolist() == list(range(7, 24))


def test_the_nearer_part_is_seen_in_any_order():
    primitives = [box((0, y, -1), (2, 0.1, 2), GRAY) for y in (4.0, 2.0, 3.0)]
    for order in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        packed = pack_primitives([primitives[number] for number in order])
        depth, seen = cast_rays(packed, straight(np.zeros(3)), INTRINSICS, 30, 40)
        assert depth[15, 20] == pytest.approx(1.95)
        assert order[seen[15, 20]] == 1


def test_one_looks_into_a_bowl():
    primitives = pack_primitives([bowl((0, 3, -1), (2, 2, 1), GRAY)])
    depth, seen = cast_rays(primitives, straight(np.array([0, 0, 0.5])), INTRINSICS, 30, 40)
    height = (15 - (np.arange(30) + 0.5)) / 40
    column = np.flatnonzero(seen[:, 20] == 0)
    inner = [row for row in column if 0.5 + depth[row, 20] * height[row] > -1e-9 - 1]
    ends = depth[column, 20]
    assert len(inner) == len(column)
    assert ends.max() > 3.5  # the far wall's inner side
    assert ends.min() < 2.5  # the near wall's outer side


@pytest.mark.parametrize("name", SOLIDS)
def test_rays_and_drawn_points_meet_the_same_surface(name):
    primitives = pack_primitives([SOLIDS[name]])
    rng = np.random.default_rng(0)
    surface = sample_surface(20_000, primitives, rng)
    depth, seen = cast_rays(primitives, straight(np.array([1.0, -1.0, 1.6])), INTRINSICS, 30, 40)
    assert (seen == 0).sum() > 20
    column, row = np.meshgrid(np.arange(40) + 0.5, np.arange(30) + 0.5)
    rays = np.stack([(column - 20) / 40, np.ones((30, 40)), (15 - row) / 40], axis=-1)
    ends = np.array([1.0, -1.0, 1.6]) + rays[seen == 0] * depth[seen == 0][:, None]
    gaps = np.linalg.norm(ends[:, None] - surface.points[None], axis=2)
    assert gaps.min(axis=1).max() < 0.06


@pytest.mark.parametrize("name", [name for name in SOLIDS if name != "bowl"])
def test_normals_agree_and_face_outwards(name):
    primitives = pack_primitives([SOLIDS[name]])
    surface = sample_surface(2000, primitives, np.random.default_rng(0))
    found = normals_at(surface.points, surface.which, primitives, np.zeros(3))
    np.testing.assert_allclose(found, surface.normals, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    out = ((surface.points - primitives.centers[0]) * found).sum(axis=1)
    assert (out > 0).all()


def test_normals_of_bowls_face_the_eye():
    primitives = pack_primitives([SOLIDS["bowl"]])
    surface = sample_surface(2000, primitives, np.random.default_rng(0))
    for eye in ([1.0, 2.0, 4.0], [1.0, 2.0, -4.0]):
        found = normals_at(surface.points, surface.which, primitives, np.array(eye))
        assert (((np.array(eye) - surface.points) * found).sum(axis=1) >= -1e-9).all()


@pytest.mark.parametrize(
    ("primitive", "is_there", "share"),
    [
        (box((0, 0, 0), (1, 2, 3), GRAY), lambda p: p[:, 2] > 3 - 1e-9, 2 / 22),
        (frustum((0, 0, 0), (2, 2, 2), GRAY), lambda p: p[:, 2] > 2 - 1e-9, 1 / 6),
        # a cone's side, pi (1 + 0.5) sqrt(1.25), and its caps, pi and pi / 4
        (
            frustum((0, 0, 0), (2, 2, 1), GRAY, taper=0.5),
            lambda p: p[:, 2] > 1 - 1e-9,
            0.25 / (1.5 * np.sqrt(1.25) + 1.25),
        ),
        (ball((0, 0, 0), (2, 2, 2), GRAY), lambda p: p[:, 2] > 1.5, 1 / 4),
        # Of an oblate spheroid, a = 1, c = 1/2: the share above half its height is
        # the integral of sqrt(1 + 3 z^2) over [1/2, 1] by twice that over [0, 1].
        (ball((0, 0, 0), (2, 2, 1), GRAY), lambda p: p[:, 2] > 0.75, 0.3030),
    ],
)  # fmt: skip
def test_points_are_spread_evenly_by_area(primitive, is_there, share):
    surface = sample_surface(60_000, pack_primitives([primitive]), np.random.default_rng(0))
    count = len(surface.points)
    assert count > 15_000
    found = is_there(surface.points).mean()
    assert found == pytest.approx(share, abs=4 * np.sqrt(share / count))


def test_parts_get_points_by_their_area():
    small, large = box((0, 0, 0), (1, 1, 1), GRAY), box((5, 0, 0), (2, 2, 2), GRAY)
    surface = sample_surface(20_000, pack_primitives([small, large]), np.random.default_rng(0))
    assert (surface.which == 1).mean() == pytest.approx(0.8, abs=0.02)
