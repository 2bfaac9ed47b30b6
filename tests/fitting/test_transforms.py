import json

import numpy as np
import pytest
import torch
from PIL import Image

from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture, PosedImages, open_capture
from gaussrep.fitting.config import CaptureConfig
from gaussrep.fitting.synthetic import synthetic_capture
from gaussrep.fitting.transforms import read_points, transforms_capture, write_transforms
from gaussrep.rendering import render

BESIDE = [[0, 0, 1, 2], [1, 0, 0, 0], [0, 1, 0, 0.5], [0, 0, 0, 1]]
"""A camera at (2, 0, 0.5) that looks along -x, z up: its columns are right (y), up (z), back (x)
and its place."""


@pytest.fixture
def folder(tmp_path):
    """Eleven views from one place, 20 x 10 pixels, each of another gray."""
    frames = []
    for number in range(11):
        Image.new("RGB", (20, 10), (20 * number,) * 3).save(tmp_path / f"{number:02}.png")
        frames.append({"file_path": f"{number:02}.png", "transform_matrix": BESIDE})
    content = {"fl_x": 30.0, "fl_y": 32.0, "cx": 9.0, "cy": 5.5, "w": 20, "h": 10,
               "frames": frames[::-1]}  # fmt: skip
    write(tmp_path, content)
    return tmp_path


def write(folder, content):
    (folder / "transforms.json").write_text(json.dumps(content), encoding="utf-8")


def content_of(folder):
    return json.loads((folder / "transforms.json").read_text(encoding="utf-8"))


def change(folder, **changes):
    write(folder, content_of(folder) | changes)


def opened(folder, **settings):
    return open_capture(CaptureConfig(path=str(folder), **settings))


def test_a_camera_is_that_computed_by_hand(folder):
    cameras = opened(folder).train.cameras
    # OpenCV's axes in the world: right is +y, down is -z, forward is -x
    expected = torch.tensor([[0.0, 1, 0, 0], [0, 0, -1, 0.5], [-1, 0, 0, 2], [0, 0, 0, 1]])
    torch.testing.assert_close(cameras.viewmats[0], expected)
    torch.testing.assert_close(cameras.positions[0], torch.tensor([2.0, 0, 0.5]))
    K = torch.tensor([[30.0, 0, 9], [0, 32, 5.5], [0, 0, 1]])
    torch.testing.assert_close(cameras.Ks[0], K)
    point = torch.tensor([0.0, 0.1, 0.6])  # two ahead, 0.1 to the right, 0.1 above
    x, y, z = cameras.viewmats[0, :3, :3] @ point + cameras.viewmats[0, :3, 3]
    assert [x.item(), y.item(), z.item()] == pytest.approx([0.1, -0.1, 2.0])


def test_frames_come_in_the_order_of_their_names_with_the_tenth_held_out(folder):
    capture = opened(folder)
    grays = [*range(9), 10]
    found = capture.train.colors[:, 0, 0, 0] * 255
    torch.testing.assert_close(found, 20 * torch.tensor(grays).float())
    assert capture.held_out.colors[0, 0, 0, 0].item() == pytest.approx(180 / 255)
    assert capture.train.alphas is None
    assert capture.points is None


def test_cameras_follow_the_size_of_the_images(folder):
    found = opened(folder, image_size=10).train
    assert found.colors.shape == (10, 5, 10, 3)
    torch.testing.assert_close(
        found.cameras.Ks[0], torch.tensor([[15.0, 0, 4.5], [0, 16, 2.75], [0, 0, 1]])
    )


def test_numbers_for_another_size_are_scaled(folder):
    change(folder, w=40, h=20)
    found = opened(folder).train.cameras.Ks[0]
    torch.testing.assert_close(found, torch.tensor([[15.0, 0, 4.5], [0, 16, 2.75], [0, 0, 1]]))


@pytest.mark.parametrize("size", [None, 10])
def test_an_angle_gives_the_focal_length(folder, size):
    content = content_of(folder)
    write(folder, {"camera_angle_x": float(np.pi / 2), "frames": content["frames"]})
    found = opened(folder, image_size=size).train.cameras
    half = found.width / 2
    torch.testing.assert_close(
        found.Ks[0], torch.tensor([[half, 0, half], [0, half, half / 2], [0, 0, 1]])
    )


def test_a_frame_may_have_its_own_lens(folder):
    content = content_of(folder)
    content["frames"][0] |= {"fl_x": 60.0}  # the last of the names
    write(folder, content)
    found = opened(folder).train.cameras.Ks
    assert found[:, 0, 0].tolist() == [30.0] * 9 + [60.0]


def test_png_is_added_where_the_name_has_no_suffix(folder):
    content = content_of(folder)
    for frame in content["frames"]:
        frame["file_path"] = "./" + frame["file_path"].removesuffix(".png")
    write(folder, content)
    assert opened(folder).train.count == 10


def test_transparency_is_kept(folder):
    Image.new("RGBA", (20, 10), (200, 100, 0, 51)).save(folder / "00.png")
    found = opened(folder).train
    torch.testing.assert_close(found.alphas[:2, 0, 0], torch.tensor([0.2, 1.0]))
    expected = torch.tensor([40.0, 20, 0]) / 255
    torch.testing.assert_close(found.colors[0, 3, 3], expected)


def test_points_come_along(folder):
    text = (
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\n"
        "property float z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\n"
        "end_header\n1 2 3 255 0 51\n4 5 6 0 0 0\n"
    )
    (folder / "sparse.ply").write_text(text, encoding="ascii")
    change(folder, ply_file_path="sparse.ply")
    capture = opened(folder)
    torch.testing.assert_close(capture.points[0], torch.tensor([1.0, 2, 3]))
    torch.testing.assert_close(capture.colors[0], torch.tensor([1.0, 0, 0.2]))


def test_what_a_camera_of_ours_drew_comes_back(tmp_path, tiny_scene, ring):
    """The inverse way round: poses written with OpenGL's axes give back our cameras."""
    frames = []
    for number, viewmat in enumerate(ring.viewmats.double()):
        color = render(tiny_scene, ring[number : number + 1]).color[0]
        pixels = (color.clamp(0, 1) * 255).round().byte().numpy()
        Image.fromarray(pixels).save(tmp_path / f"{number:02}.png")
        pose = torch.linalg.inv(viewmat)
        pose[:, 1:3] *= -1
        frames.append({"file_path": f"{number:02}.png", "transform_matrix": pose.tolist()})
    write(tmp_path, {"fl_x": ring.Ks[0, 0, 0].item(), "frames": frames})
    found = opened(tmp_path).train
    again = render(tiny_scene, found.cameras).color
    assert (again - found.colors).abs().max() < 1 / 255


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"camera_model": "OPENCV_FISHEYE"}, "OPENCV_FISHEYE, wanted one of"),
        ({"is_fisheye": True}, "fisheye"),
        ({"frames": []}, "frames"),
        ({"frames": [{"file_path": "00.png"}]}, "frames.0.transform_matrix: is missing"),
        ({"frames": [{"file_path": "00.png", "transform_matrix": [[0] * 4] * 4}]}, "invertible"),
        ({"frames": [{"file_path": "no.png", "transform_matrix": BESIDE}]}, "no.png"),
        ({"fl_x": None, "fl_y": None}, "no focal length"),
        ({"fl_x": -3}, "fl_x = -3"),
        ({"ply_file_path": "no.ply"}, "no.ply"),
    ],
)
def test_refuses_by_name(folder, changes, message):
    change(folder, **changes)
    with pytest.raises(DataError, match=message):
        opened(folder)


def test_refuses_images_of_several_sizes(folder):
    Image.new("RGB", (10, 10)).save(folder / "03.png")
    with pytest.raises(DataError, match=r"20x10 pixels, 03\.png 10x10"):
        opened(folder)


def test_refuses_what_is_no_json(folder):
    (folder / "transforms.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read"):
        opened(folder)


@pytest.mark.parametrize("path", ["nowhere", "synthetic:cubes"])
def test_refuses_what_is_no_capture(path):
    with pytest.raises(DataError, match=path):
        open_capture(CaptureConfig(path=path))


@pytest.fixture(scope="module")
def views():
    return synthetic_capture(hold_out_every=8, views=7, size=24).train


def read(folder, hold_out_every=100):
    config = CaptureConfig(path=str(folder), hold_out_every=hold_out_every)
    return transforms_capture(config, str(folder))


def test_what_is_written_is_read_back(views, tmp_path):
    write_transforms(views, tmp_path)
    found = read(tmp_path).train
    assert torch.allclose(found.cameras.viewmats, views.cameras.viewmats, atol=1e-5)
    assert torch.allclose(found.cameras.Ks, views.cameras.Ks)
    for background in (torch.zeros(3), torch.ones(3)):
        assert (found.over(background) - views.over(background)).abs().max() < 2 / 255


def test_opaque_images_stay_opaque(views, tmp_path):
    write_transforms(PosedImages(views.colors, views.cameras), tmp_path)
    found = read(tmp_path).train
    assert found.alphas is None
    assert torch.allclose(found.colors, views.colors, atol=0.51 / 255)


def test_both_programs_hold_out_the_same_views(views, tmp_path):
    write_transforms(views, tmp_path, hold_out_every=3)
    names = json.loads((tmp_path / "transforms.json").read_text())
    assert [name[-6:] for name in names["test_filenames"]] == ["02.png", "05.png"]
    assert names["val_filenames"] == names["test_filenames"]
    assert len(names["train_filenames"]) == 5
    wanted = Capture.split(views, 3).held_out
    assert torch.allclose(
        read(tmp_path, 3).held_out.cameras.viewmats, wanted.cameras.viewmats, atol=1e-5
    )


HEAD = "ply\nformat ascii 1.0\nelement vertex {}\n"
XYZ = "property float x\nproperty float y\nproperty float z\n"


@pytest.fixture
def write_ply(tmp_path):
    def call(text):
        path = tmp_path / "points.ply"
        path.write_text(text, encoding="ascii")
        return path

    return call


def test_points_without_colors_are_gray(write_ply):
    found = read_points(write_ply(HEAD.format(1) + XYZ + "end_header\n1 2 3\n"))
    torch.testing.assert_close(found.points, torch.tensor([[1.0, 2, 3]]))
    torch.testing.assert_close(found.colors, torch.full((1, 3), 0.5))


def test_leaves_out_what_is_not_finite(write_ply):
    found = read_points(write_ply(HEAD.format(2) + XYZ + "end_header\nnan 2 3\n4 5 6\n"))
    torch.testing.assert_close(found.points, torch.tensor([[4.0, 5, 6]]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.format(0) + XYZ + "end_header\n", "holds no point"),
        (HEAD.format(1) + "property float x\nend_header\n1\n", "no columns x, y, z"),
        ("no ply", "not a PLY file"),
    ],
)
def test_refuses_files_without_points(write_ply, text, message):
    with pytest.raises(DataError, match=message):
        read_points(write_ply(text))
