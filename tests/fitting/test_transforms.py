import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import default_collate

from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture, open_capture
from gaussrep.fitting.capture_config import CaptureConfig, CaptureDatasetConfig, TransformsConfig
from gaussrep.fitting.config import BaseFitConfig
from gaussrep.fitting.dataset import CaptureDataset, images_of
from gaussrep.fitting.fitter import SceneFitter
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.synthetic import synthetic_capture
from gaussrep.fitting.transforms import transforms_capture, write_transforms
from gaussrep.rendering import render

BESIDE = [[0, 0, 1, 2], [1, 0, 0, 0], [0, 1, 0, 0.5], [0, 0, 0, 1]]
"""A camera at (2, 0, 0.5) that looks along -x, z up: its columns are right (y), up (z), back (x)
and its place."""


FAR = [[0, 0, 1, 1e300], [1, 0, 0, 0], [0, 1, 0, 0.5], [0, 0, 0, 1]]


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
    return open_capture(TransformsConfig(path=str(folder), **settings))


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


@pytest.mark.parametrize("model", ["OPENCV", "OPENCV_FISHEYE"])
def test_undistorted_images_stay_opaque(folder, model):
    change(folder, camera_model=model, k1=0.1, k2=-0.03)
    assert opened(folder).train.alphas is None
    half = Image.new("RGBA", (20, 10), (90, 90, 90, 128))
    half.save(folder / "00.png")
    alphas = opened(folder).train.alphas
    torch.testing.assert_close(alphas[0], torch.full((10, 20), 128 / 255))
    assert (alphas[1:] == 1).all()


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


def test_lenses_are_kept_on_request(folder):
    before = opened(folder, undistort=False).train
    assert before.cameras.model == "pinhole"
    change(folder, k1=0.1, k2=0.2, p1=0.01, p2=0.02, k3=0.03)
    found = opened(folder, undistort=False).train
    assert found.cameras.model == "opencv"
    expected = torch.tensor([0.1, 0.2, 0.01, 0.02, 0.03, 0, 0, 0]).expand(10, 8)
    torch.testing.assert_close(found.cameras.distortion, expected)
    assert torch.equal(found.colors, before.colors)
    change(folder, k4=0.5)
    with pytest.raises(DataError, match=r"its k4 is that of nerfstudio's polynomial"):
        opened(folder, undistort=False)


def test_cameras_of_two_models_are_not_kept_together(folder):
    content = content_of(folder)
    content["frames"][0] |= {"camera_model": "OPENCV_FISHEYE", "k1": 0.1}
    write(folder, content)
    with pytest.raises(DataError, match=r"1 of 11 cameras are fisheyes.*data.undistort=true"):
        opened(folder, undistort=False)
    assert opened(folder).train.count == 10


def test_a_fit_renders_through_the_lens(folder):
    change(folder, camera_model="OPENCV_FISHEYE", k1=0.1)
    capture = opened(folder, undistort=False)
    data = CaptureDatasetConfig(type="capture", capture=TransformsConfig(path=str(folder)))
    batch = default_collate([CaptureDataset(data, "train", capture)[SampleKey(3)]])
    cameras = images_of(batch).cameras
    assert cameras.model == "fisheye"
    assert torch.equal(cameras.distortion, capture.train.cameras.distortion[3:4])
    fitter = SceneFitter(BaseFitConfig(renderer="reference", init={"count": 20}), 0)
    fitter.init(capture)
    fitter.begin_step(0, 10)
    views = fitter.render_step(cameras, batch["index"])
    fitter.compute_loss(views, images_of(batch)).total.backward()
    assert fitter.scene.raw["means"].grad is not None


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
        ({"camera_model": "EQUIRECTANGULAR"}, "EQUIRECTANGULAR is not read, expected one of"),
        ({"k6": 0.1}, "OPENCV has no k6"),
        ({"b1": 3.0}, "the key b1 of its camera is not read"),
        ({"rolling_shutter": [0, 0.1, 0, 0]}, "the key rolling_shutter"),
        ({"frames": []}, "frames"),
        ({"frames": [{"file_path": "00.png"}]}, "frames.0.transform_matrix: is missing"),
        ({"frames": [{"file_path": "00.png", "transform_matrix": [[0] * 4] * 4}]}, "invertible"),
        ({"frames": [{"file_path": "no.png", "transform_matrix": BESIDE}]}, "no.png"),
        ({"fl_x": None, "fl_y": None}, "no focal length"),
        ({"fl_x": -3}, "fl_x = -3"),
        ({"fl_x": 1e300, "fl_y": 1e300}, "its focal length or principal point is not a finite"),
        ({"frames": [{"file_path": "00.png", "transform_matrix": FAR}]}, "is not a finite,"),
        ({"ply_file_path": "no.ply"}, "no.ply"),
    ],
)
def test_refuses_by_name(folder, changes, message):
    change(folder, **changes)
    with pytest.raises(DataError, match=message):
        opened(folder)


def test_leaves_out_what_cannot_be_used_in_one_line(folder, caplog):
    content = content_of(folder)
    by_name = {frame["file_path"]: frame for frame in content["frames"]}
    by_name["01.png"]["transform_matrix"] = [[-np.inf] * 4] * 3 + [[0, 0, 0, 1]]
    by_name["04.png"]["transform_matrix"] = None
    Image.new("RGB", (10, 20)).save(folder / "03.png")
    (folder / "05.png").unlink()
    write(folder, content)
    assert opened(folder).train.count == 7
    (line,) = caplog.messages
    assert "4 of 11 frames are left out" in line
    assert "\n" not in line
    for name in ("01.png (its pose", "04.png (transform_matrix", "03.png (the image has 10x20"):
        assert name in line


def test_images_of_several_sizes_are_padded_and_masked(folder):
    Image.new("RGB", (12, 14), (255, 0, 0)).save(folder / "03.png")
    content = content_of(folder)
    for key in ("w", "h"):
        del content[key]
    write(folder, content)
    found = opened(folder).train
    assert found.colors.shape == (10, 14, 20, 3)
    assert found.alphas is None
    counted = found.masks.sum((1, 2)).tolist()
    assert counted == [168 if place == 3 else 200 for place in range(10)]
    assert found.masks[3, :14, :12].all()
    assert (found.colors[3][found.masks[3]] == torch.tensor([1.0, 0, 0])).all()
    torch.testing.assert_close(found.cameras.Ks[3, :2, 2], torch.tensor([9.0, 5.5]))


def test_masks_and_depth_of_frames(folder):
    mask = np.full((10, 20), 255, np.uint8)
    mask[:, :5] = 0
    Image.fromarray(mask).save(folder / "mask.png")
    Image.fromarray(np.full((5, 10), 1500, np.uint16)).save(folder / "depth.png")
    content = content_of(folder)
    content["frames"][-1] |= {"mask_path": "mask.png", "depth_file_path": "depth.png"}  # 00.png
    write(folder, content)
    found = opened(folder).train
    assert not found.masks[0, :, :5].any()
    assert found.masks[0, :, 5:].all()
    assert found.masks[1:].all()
    assert (found.depths[0] == 1.5).all()
    assert (found.depths[1:] == 0).all()
    assert (opened(folder, depth_scale=500).train.depths[0] == 3).all()
    change(folder, integer_depth_scale=0.01)
    torch.testing.assert_close(opened(folder).train.depths[0], torch.full((10, 20), 15.0))


def test_a_file_of_windows(folder):
    (folder / "images").mkdir()
    content = content_of(folder)
    for frame in content["frames"]:
        (folder / frame["file_path"]).rename(folder / "images" / frame["file_path"])
        frame["file_path"] = "images\\" + frame["file_path"]
    text = json.dumps(content)
    (folder / "transforms.json").write_text(text, encoding="utf-8-sig")
    assert opened(folder).train.count == 10


def test_a_frames_angle_replaces_the_files_focal_length(folder):
    content = content_of(folder)
    content["frames"][0] |= {"camera_angle_x": float(np.pi / 2)}
    write(folder, content)
    assert opened(folder).train.cameras.Ks[-1, 0, 0].item() == pytest.approx(10.0)


def test_three_files_hold_out_the_views_of_the_test(folder):
    content = content_of(folder)
    frames = content.pop("frames")
    (folder / "transforms.json").unlink()
    for name, part in (("train", frames[:8]), ("test", frames[8:10]), ("val", frames[10:])):
        text = json.dumps(content | {"frames": part})
        (folder / f"transforms_{name}.json").write_text(text)
    capture = opened(folder)
    assert (capture.train.count, capture.held_out.count) == (8, 2)
    (folder / "transforms_test.json").unlink()
    assert opened(folder).held_out.count == 1


def test_the_files_own_split_decides(folder):
    change(folder, train_filenames=["./00.png", "01.png"], test_filenames=["05.png", "06.png"])
    capture = opened(folder)
    found = (capture.held_out.colors[:, 0, 0, 0] * 255).round().tolist()
    assert found == [100, 120]


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
    config = TransformsConfig(path=str(folder), hold_out_every=hold_out_every)
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
