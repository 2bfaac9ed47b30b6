import pytest
import torch

import gaussrep as gr
from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.config import InitConfig
from gaussrep.fitting.initialization import (
    gaussians_at,
    init_gaussians,
    load_gaussians,
    random_gaussians,
    scene_bounds,
    scene_cubes,
    scene_extent,
)
from gaussrep.fitting.posed_images import PosedImages

CORNERS = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 2]])


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_gaussians_are_as_large_as_their_neighbors_are_far():
    found = gaussians_at(CORNERS, torch.rand(4, 3), InitConfig(scale=0.5, opacity=0.2))
    expected = 0.5 * ((1 + 4 + 4) / 3) ** 0.5
    torch.testing.assert_close(found.scales[0], torch.full((3,), expected))
    assert found.opacities.tolist() == pytest.approx([0.2] * 4)


def test_coinciding_points_have_a_size():
    points = torch.cat([CORNERS, CORNERS, CORNERS, CORNERS])
    assert (gaussians_at(points, torch.rand(16, 3), InitConfig()).scales > 0).all()


def test_random_ones_fill_each_box():
    boxes = Cuboid(torch.tensor([[5.0, 0, 0], [0, 0, 0]]), torch.tensor([[2.0, 2, 2], [6, 6, 6]]))
    found = random_gaussians(boxes, InitConfig(count=1001), rng())
    assert found.count == 1001
    for box, means in enumerate((found.means[::2], found.means[1::2])):
        unit = (means - boxes.center[box]) / boxes.size[box]
        assert unit.abs().max() <= 0.5
        assert (unit.amax(0) - unit.amin(0) > 0.9).all()


def test_points_are_taken_where_there_are_any(ring):
    images = PosedImages(torch.rand(11, 16, 16, 3), ring)
    points, colors = torch.rand(30, 3) + 40, torch.rand(30, 3)
    capture = Capture(images, None, points, colors)
    found = init_gaussians(capture, InitConfig(count=8), rng())
    assert found.count == 8
    rows = [int((points == mean).all(-1).nonzero()) for mean in found.means]
    assert len(set(rows)) == 8
    assert torch.equal(found.colors, colors[rows])
    anywhere = init_gaussians(capture, InitConfig(type="random", count=8), rng())
    assert anywhere.means.max() < 40


def test_refuses_to_start_from_points_that_are_not_there(ring):
    capture = Capture(PosedImages(torch.rand(11, 16, 16, 3), ring))
    with pytest.raises(DataError, match="no points"):
        init_gaussians(capture, InitConfig(type="points"), rng())


def test_refuses_too_few_points():
    with pytest.raises(DataError, match="3 points"):
        gaussians_at(CORNERS[:3], torch.rand(3, 3), InitConfig())


def test_random_ones_start_smaller_unless_told():
    box = Cuboid(torch.zeros(1, 3), torch.ones(1, 3))
    sizes = [
        random_gaussians(box, InitConfig(count=50, scale=scale), rng()).scales
        for scale in (None, 0.3, 0.6)
    ]
    assert torch.equal(sizes[0], sizes[1])
    torch.testing.assert_close(sizes[2], 2 * sizes[1])
    whole, unit = (gaussians_at(CORNERS, CORNERS, InitConfig(scale=s)) for s in (None, 1.0))
    assert torch.equal(whole.scales, unit.scales)


UP = torch.tensor([0.0, 0, 1])


def inward(center, distance, fov=90.0):
    angle = torch.arange(8) * torch.pi / 4
    eyes = torch.stack([angle.cos(), angle.sin(), torch.zeros(8)], -1) * distance + center
    return Cameras.look_at(eyes, center, UP, 40, 30, fov)


def test_extent_is_that_of_the_farthest_camera():
    cameras = inward(torch.tensor([3.0, -1, 2]), 4.0)
    assert scene_extent(cameras) == pytest.approx(4.4)


def test_extent_of_a_single_camera_is_1():
    assert scene_extent(inward(torch.zeros(3), 4.0)[:1]) == 1.0


def test_cube_lies_where_inward_cameras_look():
    center = torch.tensor([3.0, -1, 2])
    cube = scene_bounds(inward(center, 4.0))
    torch.testing.assert_close(cube.center, center, atol=1e-3, rtol=0)
    assert cube.size.tolist() == pytest.approx([1.1 * 8.0] * 3, rel=1e-3)  # 90 degrees: twice 4


def test_random_ones_surround_the_cameras_too():
    center = torch.tensor([3.0, -1, 2])
    cubes = scene_cubes(Capture(PosedImages(torch.rand(8, 30, 40, 3), inward(center, 4.0))))
    torch.testing.assert_close(cubes.center, center.expand(2, 3), atol=1e-3, rtol=0)
    assert cubes.size[:, 0].tolist() == pytest.approx([1.1 * 8.0, 6 * 4.4], rel=1e-3)


def test_nothing_surrounds_the_object_of_transparent_images():
    images = PosedImages(
        torch.rand(8, 30, 40, 3), inward(torch.zeros(3), 4.0), torch.rand(8, 30, 40)
    )
    cubes = scene_cubes(Capture(images))
    assert cubes.size.tolist() == [pytest.approx([1.1 * 8.0] * 3, rel=1e-3)]


def test_walls_beyond_cameras_that_look_across_a_room_are_reached():
    cameras = inward(torch.zeros(3), 1.0, fov=60.0)  # the width of a view is 1.15 in the center
    capture = Capture(PosedImages(torch.rand(8, 30, 40, 3), cameras))
    found = init_gaussians(capture, InitConfig(count=400), rng())
    distances = found.means.abs().amax(-1)
    assert (distances < 0.65).float().mean() > 0.45
    assert (distances > 2).float().mean() > 0.25


def test_cube_of_outward_cameras_holds_them():
    ring = inward(torch.zeros(3), 1.0)
    outward = Cameras.look_at(ring.positions[:1] * 0, torch.tensor([1.0, 0, 0]), UP, 40, 30)
    eyes = ring.positions
    views = [Cameras.look_at(eye[None], 3 * eye, UP, 40, 30).viewmats for eye in eyes]
    cube = scene_bounds(Cameras(torch.cat(views), outward.Ks.expand(8, 3, 3), 40, 30))
    assert (eyes.abs() < cube.size / 2).all()


def test_parallel_cameras_do_not_send_the_cube_to_infinity():
    eyes = torch.stack([torch.linspace(-1, 1, 5), torch.zeros(5), torch.zeros(5)], -1)
    views = [
        Cameras.look_at(eye[None], eye + torch.tensor([0.0, 1, 0]), UP, 40, 30).viewmats
        for eye in eyes
    ]
    Ks = Cameras.look_at(eyes[:1], torch.ones(3), UP, 40, 30).Ks
    cube = scene_bounds(Cameras(torch.cat(views), Ks.expand(5, 3, 3), 40, 30))
    assert cube.center.norm() < 10
    assert (cube.size < 50).all()


def test_a_file_is_read_whatever_the_capture_holds(tmp_path, tiny_scene, ring):
    path = tmp_path / "scene.ply"
    gr.save(tiny_scene, path)
    capture = Capture(PosedImages(torch.rand(11, 16, 16, 3), ring), None, torch.rand(30, 3))
    found = init_gaussians(capture, InitConfig(path=path, count=5), rng())
    assert torch.equal(found.means, gr.load(path).means)


def test_faint_gaussians_of_a_file_are_left_out(tmp_path, tiny_scene):
    path = tmp_path / "scene.ply"
    gr.save(tiny_scene, path)
    opaque = tiny_scene.opacities > 0.8
    assert 0 < opaque.sum() < 12
    torch.testing.assert_close(load_gaussians(path, 0.8).means, tiny_scene.means[opaque])
    with pytest.raises(DataError, match="none of 12 Gaussians has an opacity of at least 1"):
        load_gaussians(path, 1.0)
