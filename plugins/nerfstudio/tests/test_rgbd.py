import numpy as np
import pytest
import torch

from gaussrep import similarity
from gaussrep.errors import DataError
from gaussrep_nerfstudio.cameras import cameras_of
from gaussrep_nerfstudio.cloud import CLOUD
from gaussrep_nerfstudio.rgbd_config import RgbdDataParserConfig
from gaussrep_nerfstudio.rgbd_scene import find_rgbd_scene
from gaussrep_nerfstudio.scene_images import SceneImages
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.writing import write_rooms


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rooms")
    settings = RoomsConfig(frames=6, height=24, width=32, points=3000)
    write_rooms(folder, settings, seed=0, train=1, val=1)
    return folder


def parsed(rooms, split="train", **changes):
    given = {
        "data": rooms,
        "scene": "scene0000_00",
        "hold_out_every": 3,
        "frame_step": 1,
        **changes,
    }
    return RgbdDataParserConfig(**given).setup().get_dataparser_outputs(split)


def test_every_third_frame_is_held_out(rooms):
    train, held_out = parsed(rooms), parsed(rooms, "test")
    names = [path.stem for path in (*train.image_filenames, *held_out.image_filenames)]
    assert [path.stem for path in held_out.image_filenames] == ["2", "5"]
    assert sorted(names) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("normalize", [True, False])
def test_depth_leads_to_the_points(rooms, normalize):
    """Pixels, lifted by pose, lens and depth, lie on the cloud, in the units of the model."""
    outputs = parsed(rooms, normalize=normalize, image_size=16)
    images = SceneImages(outputs)
    cameras = cameras_of(outputs.cameras)
    assert (cameras.width, cameras.height) == (16, 12)
    points = outputs.metadata["points3D_xyz"]
    scale = outputs.dataparser_scale
    for number in range(len(images)):
        depth = images[number]["depth_image"][..., 0]
        rows, columns = torch.meshgrid(torch.arange(12), torch.arange(16), indexing="ij")
        pixels = torch.stack([columns + 0.5, rows + 0.5, torch.ones(12, 16)], -1)
        rays = pixels @ torch.linalg.inv(cameras.Ks[number]).mT
        back = torch.linalg.inv(cameras.viewmats[number])
        lifted = (rays * depth[..., None]) @ back[:3, :3].mT + back[:3, 3]
        far = torch.cdist(lifted[depth > 0], points).amin(-1) / scale
        assert far.median() < 0.15  # meters; the cloud's 3000 points lie about as far apart


def test_normalized_scenes_fill_the_box(rooms):
    outputs = parsed(rooms, outlier_fraction=0.0, side=2.0)
    points = outputs.metadata["points3D_xyz"]
    spans = points.amax(0) - points.amin(0)
    assert spans.max() == pytest.approx(2.0, abs=1e-4)
    assert torch.equal(outputs.scene_box.aabb, torch.tensor([[-1.0] * 3, [1.0] * 3]))


def test_transform_is_what_nerfstudio_undoes(rooms):
    outputs = parsed(rooms)
    known = outputs.metadata[CLOUD]
    homogeneous = torch.nn.functional.pad(known.cloud.points, (0, 1), value=1.0)
    moved = outputs.dataparser_scale * homogeneous @ outputs.dataparser_transform.mT
    assert torch.allclose(moved, outputs.metadata["points3D_xyz"], atol=1e-5)
    similarity.decompose(known.to_model)


def test_images_are_read_as_gaussrep_reads_them(rooms):
    outputs = parsed(rooms, image_size=16)
    ref = find_rgbd_scene(
        RgbdDataParserConfig(data=rooms, scene="scene0000_00", hold_out_every=3, frame_step=1)
    ).train[1]
    wanted = ref.read((12, 16))
    item = SceneImages(outputs).get_data(1, image_type="uint8")
    assert np.array_equal(item["image"].numpy(), wanted.image)
    meters = item["depth_image"][..., 0] / outputs.dataparser_scale
    assert np.allclose(meters.numpy(), wanted.depth, rtol=1e-5)


def test_scenes_are_named(rooms):
    with pytest.raises(DataError, match="--scene is None, expected one of scene0000_00, scene0001"):
        parsed(rooms, scene=None)
    with pytest.raises(DataError, match="to measure on; lower --hold-out-every, which is 9"):
        parsed(rooms, hold_out_every=9)
