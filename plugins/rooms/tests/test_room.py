import numpy as np
import pytest
import torch

from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.layouts import ceiling, draw_layout
from gaussrep_rooms.primitives import BALL, BOX, FRUSTUM, pack_primitives
from gaussrep_rooms.room import make_room
from gaussrep_rooms.surface import sample_surface

SMALL = RoomsConfig(frames=6, height=36, width=48, points=3000)


@pytest.fixture(scope="module", params=range(5))
def number(request):
    """One room of each kind."""
    return request.param


@pytest.fixture(scope="module")
def room(number):
    return make_room(3, number, SMALL)


def plan_of(seed, number):
    streams = np.random.SeedSequence(seed, spawn_key=(number,)).spawn(4)
    return draw_layout(np.random.default_rng(streams[0]), number)


def inside(primitives, n, points, margin):
    """Whether points lie in a primitive, at least so many meters below its surface."""
    half = primitives.half[n] - margin
    if half.min() <= 0:
        return np.zeros(len(points), dtype=bool)
    local = np.abs((points - primitives.centers[n]) @ primitives.axes[n].T)
    if primitives.kinds[n] == BOX:
        return (local < half).all(axis=1)
    if primitives.kinds[n] == BALL:
        return ((local / half) ** 2).sum(axis=1) < 1
    if primitives.kinds[n] == FRUSTUM:  # its thinnest cylinder
        across = ((local[:, :2] / half[:2]) ** 2).sum(axis=1)
        return (across < (1 - primitives.tapers[n]) ** 2) & (local[:, 2] < half[2])
    return np.zeros(len(points), dtype=bool)


def camera(room, frame):
    """Pixels' rays in the world, of depth 1, and the eye."""
    height, width = frame.depth.shape
    column, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    pixels = np.stack([column, row, np.ones_like(row)], axis=-1)
    rotation = frame.viewmat[:3, :3].astype(float)
    rays = pixels @ np.linalg.inv(room.intrinsics).T @ rotation
    return rays, -rotation.T @ frame.viewmat[:3, 3]


def projected(room, frame):
    """Columns, rows and depths of the cloud's points, and which lie in the picture."""
    height, width = frame.depth.shape
    viewmat = frame.viewmat.astype(float)
    local = room.cloud.points.numpy() @ viewmat[:3, :3].T + viewmat[:3, 3]
    column, row, depth = (local @ room.intrinsics.T).T
    column, row = np.floor(column / depth), np.floor(row / depth)
    there = (depth > 0) & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return column.astype(int), row.astype(int), depth, there


def test_rays_end_on_a_surface_and_pass_through_nothing(room, number):
    plan = plan_of(3, number)
    primitives = pack_primitives(
        [*(p for obj in plan.objects for p in obj.primitives), ceiling(plan.size)]
    )
    for frame in room.frames[:3]:
        rays, eye = camera(room, frame)
        hit = frame.depth > 0
        ends = eye + rays[hit] * frame.depth[hit][:, None]
        on_surface = np.zeros(len(ends), dtype=bool)
        for n in range(len(primitives.kinds)):
            for share in (0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 0.99):
                assert not inside(primitives, n, eye + (ends - eye) * share, 1e-4).any()
            unit = np.einsum("ij,pj->pi", primitives.to_unit[n], ends - primitives.centers[n])
            if primitives.kinds[n] == BOX:
                on_surface |= np.abs(np.abs(unit).max(axis=1) - 1) < 1e-4
            elif primitives.kinds[n] == FRUSTUM:
                side = np.hypot(*unit[:, :2].T) - 1 + primitives.tapers[n] * (unit[:, 2] + 1) / 2
                on_surface |= np.abs(np.maximum(side, np.abs(unit[:, 2]) - 1)) < 1e-4
            else:
                on_surface |= np.abs(np.linalg.norm(unit, axis=1) - 1) < 1e-4
        assert on_surface.all()


def test_points_agree_with_the_pixels_that_see_them(room):
    cloud = room.cloud
    labels, instances = cloud.labels.numpy(), cloud.instances.numpy()
    same, color = [], []
    for number, frame in enumerate(room.frames):
        column, row, depth, there = projected(room, frame)
        at = (row[there], column[there])
        close = np.abs(frame.depth[at] - depth[there]) < 0.01
        seen, at = np.flatnonzero(there)[close], (at[0][close], at[1][close])
        same.append(room.labels[number][at] == labels[seen])
        assert (room.instances[number][at] == instances[seen]).mean() > 0.9
        color.append(np.abs(frame.image[at] / 255 - cloud.colors.numpy()[seen]).mean(axis=1))
    assert np.concatenate(same).mean() > 0.97
    assert np.median(np.concatenate(color)) < 0.04
    assert np.quantile(np.concatenate(color), 0.9) < 0.2


def test_every_point_faces_a_frame_that_sees_it(room):
    points, normals = room.cloud.points.numpy(), room.cloud.normals.numpy()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    error, faced = np.full(len(points), np.inf), np.zeros(len(points), dtype=bool)
    for frame in room.frames:
        column, row, depth, there = projected(room, frame)
        to_eye = camera(room, frame)[1] - points
        slope = (to_eye * normals).sum(axis=1) / np.linalg.norm(to_eye, axis=1)
        pixel = depth / room.intrinsics[0, 0] / np.maximum(slope, 1e-3)  # across the surface
        there &= slope > 0
        faced |= there
        around = np.pad(frame.depth, 1)
        for down in range(3):
            for right in range(3):
                away = np.abs(around[row * there + down, column * there + right] - depth) / pixel
                error = np.where(there, np.minimum(error, away), error)
    assert faced.all()
    assert (error < 1).mean() > 0.99


def test_things_do_not_reach_into_each_other(number):
    for seed in range(2):
        plan = plan_of(seed, number)
        primitives = pack_primitives(
            [primitive for obj in plan.objects for primitive in obj.primitives]
        )
        owners = np.repeat(np.arange(len(plan.objects)), [len(t.primitives) for t in plan.objects])
        surface = sample_surface(6000, primitives, np.random.default_rng(0))
        shell = np.array([obj.label <= 1 for obj in plan.objects])
        for n, owner in enumerate(owners):
            of = owners[surface.which]
            others = (of != owner) & ~(shell[of] & shell[owner])
            points = surface.points[others]
            assert not inside(primitives, n, points, 0.015).any(), plan.objects[owner].label


def test_everything_is_inside_the_walls(number):
    plan = plan_of(5, number)
    for obj in plan.objects:
        for primitive in obj.primitives if obj.label > 1 else ():
            assert (primitive.center - primitive.reach > -1e-6).all(), obj.label
            assert (primitive.center + primitive.reach < plan.size + 1e-6).all(), obj.label


def test_cameras_stand_in_the_room_at_eye_height(room, number):
    size = plan_of(3, number).size
    for frame in room.frames:
        rays, eye = camera(room, frame)
        assert (eye[:2] > 0.29).all()
        assert (eye[:2] < size[:2] - 0.29).all()
        assert 1.2 < eye[2] < 1.75
        assert np.linalg.det(frame.viewmat[:3, :3]) == pytest.approx(1, abs=1e-5)
        assert rays[18, :, 2].mean() == pytest.approx(rays[18, 24, 2], abs=0.05)
        assert frame.viewmat[1, 2] < -0.5  # the camera's y axis points down


def test_the_same_numbers_give_the_same_room(room, number):
    again = make_room(3, number, SMALL)
    for name in ("points", "colors", "normals", "labels", "instances"):
        assert torch.equal(getattr(room.cloud, name), getattr(again.cloud, name))
    for one, other in zip(room.frames, again.frames, strict=True):
        assert np.array_equal(one.image, other.image)
        assert np.array_equal(one.depth, other.depth)
        assert np.array_equal(one.viewmat, other.viewmat)


def test_size_and_number_of_frames_do_not_change_what_is_in_the_room(room, number):
    other = make_room(3, number, SMALL.model_copy(update={"frames": 2, "width": 24, "points": 50}))
    assert len(other.frames) == 2
    assert 5 < other.cloud.count <= 50
    assert other.frames[0].image.shape == (36, 24, 3)
    assert np.array_equal(other.frames[0].viewmat, room.frames[0].viewmat)


def test_another_seed_and_another_number_give_other_rooms():
    tiny = RoomsConfig(frames=1, height=12, width=16, points=50)
    first = make_room(0, 0, tiny).frames[0].image
    assert not np.array_equal(first, make_room(1, 0, tiny).frames[0].image)
    assert not np.array_equal(first, make_room(0, 5, tiny).frames[0].image)


def test_the_ceiling_is_measured_only_where_it_is_asked_for():
    """It is always in the pictures; it has no label."""
    without = make_room(3, 0, SMALL)
    with_ = make_room(3, 0, SMALL.model_copy(update={"ceiling": True}))
    overhead = np.stack([frame.depth for frame in without.frames]) == 0
    assert overhead.any()
    assert (without.labels[overhead] == -1).all()
    assert (np.stack([frame.depth for frame in with_.frames])[overhead] > 0.3).all()
    for one, other in zip(without.frames, with_.frames, strict=True):
        assert np.array_equal(one.image, other.image)
    assert (without.cloud.labels >= 0).all()
    height = plan_of(3, 0).size[2]
    above = with_.cloud.labels == -1
    assert above.any()
    torch.testing.assert_close(with_.cloud.points[above, 2].unique().max().item(), height)
    assert (with_.cloud.normals[above, 2] == -1).all()
