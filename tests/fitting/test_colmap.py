"""COLMAP models, written here by hand after the description of the format."""

import struct

import numpy as np
import pytest
import torch
from PIL import Image

from gaussrep.config import load_config
from gaussrep.errors import DataError
from gaussrep.fitting.capture import open_capture
from gaussrep.fitting.capture_config import ColmapConfig
from gaussrep.fitting.colmap import PARAMETERS
from gaussrep.fitting.colmap_lenses import BENDS
from gaussrep.fitting.colmap_model import MODELS
from gaussrep.fitting.config import FitConfig
from gaussrep.rendering.projection import camera_map

NUMBERS = {name: number for number, (name, _) in MODELS.items()}
CAMERAS = {
    1: ("PINHOLE", 20, 10, (30.0, 32.0, 9.0, 5.5)),
    7: ("SIMPLE_RADIAL", 20, 10, (30.0, 10.0, 5.0, 0.0)),
}
QUATERNION = (0.5, 0.5, -0.5, 0.5)
IMAGES = [
    (3 + number, QUATERNION, (0.0, number, 2.0), 1, f"a b/{10 - number:02}.png")
    for number in range(11)
]
POINTS = [(9, (1.0, 2.0, 3.0), (255, 0, 51), 0.5, 3), (4, (4.0, 5.0, 6.0), (0, 0, 0), 2.0, 2)]


def write_text(folder, cameras, images, points):
    folder.mkdir(parents=True)
    lines = [f"{key} {m} {w} {h} {' '.join(map(str, p))}" for key, (m, w, h, p) in cameras.items()]
    (folder / "cameras.txt").write_text("# cameras\n" + "\n".join(lines) + "\n")
    text = "# images\n# two lines each\n"
    for number, (key, q, t, camera, name) in enumerate(images):
        seen = "" if number % 2 else "1.5 2.5 9 3.5 4.5 -1"
        text += f"{key} {' '.join(map(str, (*q, *t)))} {camera} {name}\n{seen}\n"
    (folder / "images.txt").write_text(text)
    lines = [
        f"{key} {' '.join(map(str, (*xyz, *rgb, error)))} {'1 2 ' * track}"
        for key, xyz, rgb, error, track in points
    ]
    (folder / "points3D.txt").write_text("\n".join(lines) + "\n")


def write_binary(folder, cameras, images, points):
    folder.mkdir(parents=True)
    data = struct.pack("<Q", len(cameras))
    for key, (model, w, h, params) in cameras.items():
        data += struct.pack(f"<IiQQ{len(params)}d", key, NUMBERS[model], w, h, *params)
    (folder / "cameras.bin").write_bytes(data)
    data = struct.pack("<Q", len(images))
    for number, (key, q, t, camera, name) in enumerate(images):
        data += struct.pack("<I7dI", key, *q, *t, camera) + name.encode() + b"\0"
        data += struct.pack("<Q", number) + struct.pack("<ddQ", 1.5, 2.5, 9) * number
    (folder / "images.bin").write_bytes(data)
    data = struct.pack("<Q", len(points))
    for key, xyz, rgb, error, track in points:
        data += struct.pack("<Q3d3BdQ", key, *xyz, *rgb, error, track) + bytes(8 * track)
    (folder / "points3D.bin").write_bytes(data)


WRITERS = {"text": write_text, "binary": write_binary}


@pytest.fixture
def folder(tmp_path):
    """The images of the model, 20 x 10 pixels, each of another gray; no model yet."""
    (tmp_path / "images" / "a b").mkdir(parents=True)
    for number in range(11):
        image = Image.new("RGB", (20, 10), (20 * number,) * 3)
        image.save(tmp_path / "images" / "a b" / f"{number:02}.png")
    return tmp_path


def opened(folder, **settings):
    return open_capture(ColmapConfig(path=str(folder), **settings))


@pytest.mark.parametrize("encoding", WRITERS)
def test_a_model_as_it_was_written(folder, encoding):
    WRITERS[encoding](folder / "sparse" / "0", CAMERAS, IMAGES, POINTS)
    capture = opened(folder)
    assert (capture.train.count, capture.held_out.count) == (10, 1)
    grays = 20 * torch.tensor([*range(9), 10]).float()  # sorted by name, the tenth is held out
    torch.testing.assert_close(capture.train.colors[:, 0, 0, 0] * 255, grays)
    # a third of a turn about (1, -1, 1) takes x to z, y to -x and z to -y
    expected = torch.tensor([[0.0, -1, 0, 0], [0, 0, -1, 10], [1, 0, 0, 2], [0, 0, 0, 1]])
    torch.testing.assert_close(capture.train.cameras.viewmats[0], expected)
    K = torch.tensor([[30.0, 0, 9], [0, 32, 5.5], [0, 0, 1]])
    torch.testing.assert_close(capture.train.cameras.Ks[0], K)
    torch.testing.assert_close(capture.points, torch.tensor([[1.0, 2, 3], [4, 5, 6]]))
    torch.testing.assert_close(capture.colors[0], torch.tensor([1.0, 0, 0.2]))


def test_both_encodings_are_the_same_whatever_the_order_of_rows(folder):
    write_text(folder / "sparse" / "0", CAMERAS, IMAGES[::-1], POINTS)
    write_binary(folder / "other" / "sparse", dict(reversed(CAMERAS.items())), IMAGES, POINTS)
    (folder / "images").rename(folder / "other" / "images")
    binary = opened(folder / "other").train
    (folder / "other" / "images").rename(folder / "images")
    text = opened(folder).train
    assert torch.equal(text.cameras.viewmats, binary.cameras.viewmats)
    assert torch.equal(text.colors, binary.colors)


def test_quaternions_are_normalized(folder):
    images = [(k, tuple(3 * part for part in q), t, c, n) for k, q, t, c, n in IMAGES]
    write_text(folder / "sparse", CAMERAS, images, POINTS)
    rotation = opened(folder).train.cameras.viewmats[:, :3, :3]
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).expand(10, 3, 3))


def test_bad_images_are_left_out_in_one_line(folder, caplog):
    images = [list(image) for image in IMAGES]
    images[0][1] = (0.0, 0.0, 0.0, 0.0)
    images[1][2] = (float("nan"), 0.0, 0.0)
    images[2][3] = 99
    (folder / "images" / "a b" / "00.png").unlink()
    write_binary(folder / "sparse" / "0", CAMERAS, images, POINTS)
    assert opened(folder).train.count == 7
    (line,) = caplog.messages
    assert "4 of 11 frames are left out" in line
    assert "the model has no camera 99" in line


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_an_image_without_a_file_name_is_left_out(folder, caplog, name):
    images = [list(image) for image in IMAGES]
    images[0][4] = name
    write_binary(folder / "sparse" / "0", CAMERAS, images, POINTS)
    opened(folder)
    (line,) = caplog.messages
    assert line.startswith(f"{folder / 'sparse' / '0'}: 1 of 11 frames")
    assert f"the model calls it {name!r}, which is not a name of a file" in line


def test_the_largest_of_several_models(folder):
    write_binary(folder / "sparse" / "0", CAMERAS, IMAGES[:3], POINTS)
    write_text(folder / "sparse" / "1", CAMERAS, IMAGES[:6], POINTS)
    write_binary(folder / "sparse" / "2", CAMERAS, IMAGES[:5], POINTS)
    assert opened(folder).train.count == 6


@pytest.mark.parametrize(("image_size", "used"), [(None, 1), (8, 2), (10, 2), (12, 1)])
def test_smaller_images_are_chosen_by_the_wanted_size(folder, image_size, used):
    """Those of images_2 are white."""
    (folder / "images_2" / "a b").mkdir(parents=True)
    for number in range(11):
        Image.new("RGB", (10, 5), "white").save(folder / "images_2" / "a b" / f"{number:02}.png")
    write_text(folder / "sparse" / "0", CAMERAS, IMAGES, POINTS)
    found = opened(folder, image_size=image_size).train
    assert (found.colors[0, 0, 0, 0] == (1 if used == 2 else 0)).item()
    assert found.cameras.width == (image_size or 20)
    assert found.cameras.Ks[0, 0, 0].item() == pytest.approx(30 * found.cameras.width / 20)


@pytest.mark.parametrize("name", ["00.png.png", "00.png"])
def test_masks_by_both_names(folder, name):
    (folder / "masks" / "a b").mkdir(parents=True)
    mask = np.full((10, 20), 255, np.uint8)
    mask[:, :5] = 0
    Image.fromarray(mask).save(folder / "masks" / "a b" / name)
    write_text(folder / "sparse" / "0", CAMERAS, IMAGES, POINTS)
    masks = opened(folder).train.masks
    assert not masks[0, :, :5].any()
    assert masks[0, :, 5:].all()
    assert masks[1:].all()


def test_points_are_chosen_by_error_and_track(folder):
    write_text(folder / "sparse" / "0", CAMERAS, IMAGES, POINTS)
    assert opened(folder, max_point_error=1.0).points.tolist() == [[1, 2, 3]]
    assert opened(folder, min_track_length=3).points.tolist() == [[1, 2, 3]]
    with pytest.raises(DataError, match="none of the 2 points can be used"):
        opened(folder, min_track_length=4)


USED = (
    "SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV", "OPENCV_FISHEYE",
    "FULL_OPENCV", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE", "SIMPLE_FISHEYE", "FISHEYE",
)  # fmt: skip

OWN = {
    "FOV": [0.8], "THIN_PRISM_FISHEYE": [-0.1, 0.05, 0.01, -0.02, 0.01, -0.005, 0.003, -0.004],
    "RAD_TAN_THIN_PRISM_FISHEYE":
        [-0.1, 0.05, -0.02, 0.01, 0.003, -0.001, 0.01, -0.02, 0.003, -0.004, 0.005, 0.002],
    "SIMPLE_DIVISION": [-0.1], "DIVISION": [-0.1], "EUCM": [0.6, 1.1],
}  # fmt: skip
"""COLMAP's own models, and parameters after the principal point."""
LENSES_OF = {model: "fisheye" if "FISHEYE" in model else "opencv" for model in USED[2:]}


@pytest.mark.parametrize("encoding", WRITERS)
@pytest.mark.parametrize("model", NUMBERS)
def test_every_camera_model_is_used_or_refused_by_name(folder, model, encoding):
    count = dict(MODELS.values())[model]
    params = (30.0, 30.0, 10.0, 5.0) if count > 3 and "SIMPLE" not in model else (30.0, 10.0, 5.0)
    if model == "RADIAL" or model == "RADIAL_FISHEYE":
        params = (30.0, 10.0, 5.0)
    params = (*params, *[0.01] * count)[:count]
    WRITERS[encoding](folder / "sparse" / "0", {1: (model, 20, 10, params)}, IMAGES[:2], POINTS)
    if model not in USED and model not in OWN:
        with pytest.raises(DataError, match=f"the camera model {model} is not read"):
            opened(folder)
        return
    K = opened(folder).train.cameras.Ks[0]
    torch.testing.assert_close(K, torch.tensor([[30.0, 0, 10], [0, 30, 5], [0, 0, 1]]))


@pytest.mark.parametrize("name", ["cameras.bin", "images.bin", "points3D.bin"])
def test_a_truncated_file_is_named(folder, name):
    write_binary(folder / "sparse" / "0", CAMERAS, IMAGES, POINTS)
    path = folder / "sparse" / "0" / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=f"{name}: this is not a file of a COLMAP model"):
        opened(folder)


def test_a_fit_takes_the_folder(folder):
    write_binary(folder / "sparse" / "0", CAMERAS, IMAGES, POINTS)
    config = load_config(FitConfig, None, [], [f"data.path={folder}"])
    assert config.data.type == "colmap"


def test_pycolmap_writes_what_is_read(folder):
    """A rig of two cameras: the poses of images are those of pycolmap."""
    pycolmap = pytest.importorskip("pycolmap")
    options = pycolmap.SyntheticDatasetOptions()
    options.num_rigs, options.num_cameras_per_rig, options.num_frames_per_rig = 1, 2, 3
    options.camera_width, options.camera_height = 20, 10
    options.camera_params = [30.0, 10.0, 5.0, 0.01]
    model = pycolmap.synthesize_dataset(options)
    images = sorted(model.images.values(), key=lambda image: image.name)
    for image in images:
        Image.new("RGB", (20, 10)).save(folder / "images" / image.name)
    for name, write in (("b", model.write_binary), ("t", model.write_text)):
        (folder / "sparse").mkdir()
        write(str(folder / "sparse"))
        capture = opened(folder)
        poses = torch.tensor(np.stack([image.cam_from_world().matrix() for image in images]))
        torch.testing.assert_close(capture.train.cameras.viewmats[:, :3], poses.float())
        assert len(capture.points) == len(model.points3D)
        (folder / "sparse").rename(folder / name)


@pytest.mark.parametrize("model", OWN)
def test_own_models_bend_rays_as_pycolmap_does(model):
    pycolmap = pytest.importorskip("pycolmap")
    number = pycolmap.CameraModelId.__members__[model]
    camera = pycolmap.Camera.create_from_model_id(1, number, 70.0, 96, 64)
    camera.params = [*camera.params[: -len(OWN[model])], *OWN[model]]
    rays = np.random.default_rng(0).uniform(-0.8, 0.8, (20, 2))
    found = BENDS[model](*torch.from_numpy(rays).unbind(1), *OWN[model])
    pixels = np.array([camera.img_from_cam(np.array([*ray, 1.0])) for ray in rays])
    np.testing.assert_allclose(70 * np.stack(found, 1) + [48, 32], pixels, atol=1e-9)


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("FOV", 0.50000),
        ("THIN_PRISM_FISHEYE", 0.44254),
        ("RAD_TAN_THIN_PRISM_FISHEYE", 0.46132),
        ("SIMPLE_DIVISION", 0.48809),
        ("EUCM", 0.46404),
    ],
)
def test_own_models_by_numbers_of_pycolmap(model, place):
    slope = torch.tensor([0.5], dtype=torch.float64)
    assert BENDS[model](slope, 0 * slope, *OWN[model])[0].item() == pytest.approx(place, abs=1e-5)


def test_own_models_have_no_renderer(folder):
    camera = {1: ("EUCM", 20, 10, (30.0, 30.0, 10.0, 5.0, 0.6, 1.1))}
    write_text(folder / "sparse" / "0", camera, IMAGES[:2], POINTS)
    assert opened(folder).train.cameras.model == "pinhole"
    with pytest.raises(DataError, match="no renderer has the camera model EUCM; undistort"):
        opened(folder, undistort=False)


@pytest.mark.parametrize("model", USED)
def test_a_point_is_seen_where_pycolmap_puts_it(tmp_path, model):
    """A dot, drawn where pycolmap's own lens projects a point, is where the pinhole sees it."""
    pycolmap = pytest.importorskip("pycolmap")
    width, height, point = 96, 64, np.array([0.3, -0.2, 1.0])
    number = pycolmap.CameraModelId.__members__[model]
    camera = pycolmap.Camera.create_from_model_id(1, number, 70.0, width, height)
    named = PARAMETERS[model].split()
    bends = {"k1": -0.1, "k2": 0.05, "k3": -0.02, "k4": 0.01, "k5": 0.02, "k6": -0.01}
    bends |= {"p1": 0.01, "p2": -0.02}
    camera.params = [
        bends.get(name, value) for name, value in zip(named, camera.params, strict=True)
    ]
    u, v = camera.img_from_cam(point)
    rows, columns = np.mgrid[:height, :width] + 0.5
    dot = np.exp(-((columns - u) ** 2 + (rows - v) ** 2) / 8)
    (tmp_path / "images").mkdir()
    Image.fromarray(np.uint8(40 + 215 * np.dstack([dot] * 3))).save(tmp_path / "images" / "a.png")
    cameras = {1: (model, width, height, tuple(camera.params))}
    upright = (1.0, 0.0, 0.0, 0.0)
    write_binary(tmp_path / "sparse", cameras, [(1, upright, (0.0, 0.0, 0.0), 1, "a.png")], POINTS)
    found = opened(tmp_path).train
    light = (found.colors[0, ..., 0].numpy() - 0.5).clip(0)
    place = np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()
    seen = found.cameras.Ks[0].double().numpy() @ point
    np.testing.assert_allclose(place, seen[:2], atol=0.15)
    kept = opened(tmp_path, undistort=False).train
    assert kept.cameras.model == LENSES_OF.get(model, "pinhole")
    projected, _ = camera_map(torch.from_numpy(point).float()[None, None], kept.cameras)
    np.testing.assert_allclose(projected[0, 0].numpy(), [u, v], atol=1e-3)
