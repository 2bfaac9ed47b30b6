"""Recordings of a flat floor: everything about the fused cloud is known."""

import json
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

import gaussrep as gr
from gaussrep.cameras import Cameras
from gaussrep.data.scenes.camera_matrices import intrinsics_to_file
from gaussrep.data.scenes.config import RgbdConfig
from gaussrep.data.scenes.dataset import SceneDataset
from gaussrep.data.scenes.frames import write_color_image, write_depth
from gaussrep.errors import DataError

ASKEW = np.array([[1.0, 0, 0, 2], [0, 0, -1, 1], [0, 1, 0, -3], [0, 0, 0, 1]])
"""The recording's own coordinates: up is -z turned away, as if the first camera had set them."""


GEOMETRY = ("center_shift", "dropout", "rotation", "tilt", "scale", "flip", "jitter")
COLORS = ("contrast", "color_shift", "color_jitter")
NOTHING = {name: {"probability": 0} for name in (*GEOMETRY, *COLORS)}


def record(folder, world, eyes, moved=ASKEW):
    (folder / "frames").mkdir(parents=True)
    for number, eye in enumerate(eyes):
        frame, K = world.frame(eye, 48, 64)
        stem = folder / "frames" / f"frame-{10 * number:06d}"
        write_color_image(frame.image, stem.with_name(f"{stem.name}.color.jpg"))
        write_depth(frame.depth, stem.with_name(f"{stem.name}.depth.png"))
        pose = moved @ np.linalg.inv(frame.viewmat.astype(np.float64))
        np.savetxt(stem.with_name(f"{stem.name}.pose.txt"), pose)
    np.savetxt(folder / "camera-intrinsics.txt", intrinsics_to_file(K)[:3, :3])


@pytest.fixture
def room(tmp_path, world):
    eyes = [(2 * np.cos(turn), 2 * np.sin(turn), 1.5) for turn in np.linspace(0, 5.5, 8)]
    record(tmp_path / "room", world, [tuple(map(float, eye)) for eye in eyes])
    return tmp_path / "room"


def open_set(root, split="val", **settings):
    settings = {"voxel": 0.05, "hold_out_every": 4, "image_size": (24, 32), "views": 2} | settings
    return SceneDataset(RgbdConfig(root=root, max_points=None, **settings), split)


def test_the_floor_is_flat_upright_and_colored(room, world):
    sample = open_set(room)[0]
    points = sample["points"]
    assert len(points) > 500
    assert float(points[:, 2].std()) < 2e-3
    assert float(sample["normals"][:, 2].quantile(0.05)) > 0.99
    seen = sample["colors"]
    assert float(seen[:, 2].std()) < 0.02
    assert float(seen[:, 0].std()) > 0.05
    assert set(sample["labels"].tolist()) == {-1}


def test_views_show_the_fused_points(room):
    for split in ("train", "val"):
        dataset = open_set(room, split, augment=NOTHING)
        sample = dataset[0]
        points, viewmat, K = sample["points"], sample["viewmats"][0], sample["Ks"][0]
        local = points @ viewmat[:3, :3].mT + viewmat[:3, 3]
        pixels = (local @ K.mT)[:, :2] / local[:, 2:]
        inside = ((pixels > 1) & (pixels < torch.tensor([31, 23]))).all(dim=1) & (local[:, 2] > 0)
        assert int(inside.sum()) > 100
        x, y = pixels[inside].long().unbind(-1)
        depth = sample["depths"][0, y, x]
        assert float((depth / local[inside, 2] - 1).abs().median()) < 0.03
        wrong = (sample["images"][0, :, y, x].mT - sample["colors"][inside]).abs()
        assert float(wrong.median()) < 0.03


def test_splits_share_the_cloud_and_no_view(room):
    train, val = open_set(room, "train", views=6, augment=NOTHING), open_set(room, views=2)
    assert torch.equal(train[0]["points"], val[0]["points"])
    assert sorted(train[0]["frames"].tolist()) == [0, 10, 20, 40, 50, 60]
    assert val[0]["frames"].tolist() == [30, 70]


def test_a_recording_is_fused_once(room, caplog, tmp_path):
    first = open_set(room)[0]["points"]
    (kept,) = room.glob("fused-*.npz")
    changed = kept.stat().st_mtime_ns
    assert torch.equal(open_set(room)[0]["points"], first)
    assert kept.stat().st_mtime_ns == changed
    kept.write_bytes(b"damaged")
    assert torch.equal(open_set(room)[0]["points"], first)
    assert "is made again" in caplog.text
    far = np.full_like(first, 1e38)  # finite; its squares are not
    np.savez(kept, points=far, colors=far, normals=far)
    assert torch.equal(open_set(room)[0]["points"], first)
    open_set(room, voxel=0.1, cache=tmp_path / "clouds")[0]
    assert len(list(room.glob("fused-*.npz"))) == 1
    assert len(list((tmp_path / "clouds").glob("room-*.npz"))) == 1


def test_up_may_be_said(room):
    up = tuple((ASKEW[:3, :3] @ [0, 0, 1]).tolist())
    points = open_set(room, up=up)[0]["points"]
    assert float(points[:, 2].std()) < 2e-3
    tilted = open_set(room, up=(1, 0, 0))[0]["points"]
    assert float(tilted[:, 2].std()) > 0.1


def test_bad_frames_are_left_out(room, caplog):
    frames = room / "frames"
    (frames / "frame-000000.pose.txt").write_text("-inf " * 16)
    (frames / "frame-000010.depth.png").unlink()
    sample = open_set(room, "train", views=4, augment=NOTHING)[0]
    assert not {0, 10} & set(sample["frames"].tolist())
    assert float(sample["points"][:, 2].std()) < 2e-3
    assert "frame-000010.depth.png: there is no such file" in caplog.text


POSE = "frame-000030.pose.txt"
BAD = {
    "infinite": (POSE, b"-inf " * 16),
    "empty": (POSE, b""),
    "half written": (POSE, b"1 0 0 0\n0 1 0"),
    "as Windows prints NaN": (POSE, b"-nan(ind) " * 16),
    "a word": (POSE, b"lost"),
    "missing": (POSE, None),
}


@pytest.mark.parametrize("case", BAD)
def test_one_bad_pose_leaves_out_one_frame(room, case, caplog):
    name, content = BAD[case]
    path = room / "frames" / name
    path.unlink() if content is None else path.write_bytes(content)
    dataset = open_set(room, "train")
    assert [ref.number for ref in dataset.source.frames("room")] == [0, 10, 20, 50, 60, 70]
    (line,) = [text for text in caplog.messages if "left out" in text]
    assert "1 of 8 frames are left out: frame-000030" in line


def test_hidden_files_are_passed_over(room, caplog):
    hidden = room / "frames" / f"._{POSE}"
    hidden.write_bytes(b"\x00\x05\x16\x07Mac OS X\xb0\x02")
    assert len(open_set(room, "train").source.frames("room")) == 6
    assert not caplog.messages


def test_photographs_keep_the_pixels_as_stored(room):
    path = room / "frames" / "frame-000000.color.jpg"
    exif = Image.Exif()
    exif[0x0112] = 3
    with Image.open(path) as image:
        image.load()
    before = open_set(room, "train").source.frames("room")[0].read().image
    image.save(path, exif=exif, quality=95, subsampling=0)
    after = open_set(room, "train").source.frames("room")[0].read().image
    assert np.abs(after.astype(int) - before).mean() < 3


def test_voxels_too_small_for_the_depth_are_blamed(room):
    with pytest.raises(
        DataError, match=r"no voxel of 0\.001 m contains 3 of them; raise data\.vox"
    ):
        open_set(room, voxel=0.001)[0]


def test_rooms_without_anything_are_named(room, tmp_path):
    with pytest.raises(DataError, match="nothing: there is no recording here; expected"):
        open_set(tmp_path / "nothing")
    for path in (room / "frames").glob("*.depth.png"):
        write_depth(np.zeros((48, 64), np.float32), path)
    with pytest.raises(DataError, match="none of the 6 frames to fuse can be used"):
        open_set(room)[0]
    for path in (room / "frames").glob("*.pose.txt"):
        path.write_text("nan " * 16)
    with pytest.raises(DataError, match="frames: there is no frame with a finite pose"):
        open_set(room)[0]


def test_several_rooms(tmp_path, world):
    for name in ("kitchen", "attic"):
        record(tmp_path / name, world, world.eyes)
    dataset = open_set(tmp_path)
    assert dataset.names == ("attic", "kitchen")
    assert dataset.classes == ()
    with pytest.raises(
        DataError, match=r"6 frames leaves none for the split val; lower data\.hold"
    ):
        open_set(tmp_path, hold_out_every=7)[0]


@pytest.mark.slow
def test_a_real_room_looks_like_its_held_out_images(real_data, tmp_path):
    """Five of the frames, thick voxels: far from good images, but of the right room."""
    with tarfile.open(real_data / "rgbd-room.tar") as archive:
        names = [f"frame-{number:06d}" for number in range(200, 300, 20)]
        kept = [item for item in archive if any(n in item.name for n in (*names, "intrinsics"))]
        archive.extractall(tmp_path, kept, filter="data")
    dataset = open_set(
        tmp_path / "room", color_focal=510.0, hold_out_every=5, voxel=0.03, image_size=(120, 160)
    )
    sample = dataset[0]
    points, count = sample["points"], len(sample["points"])
    ball = torch.tensor([[1.0, 0, 0, 0]]).expand(count, 4).contiguous()
    gaussians = gr.Gaussians(
        points, ball, torch.full((count, 3), 0.012), torch.full((count,), 0.95),
        colors=sample["colors"],
    )  # fmt: skip
    cameras = Cameras(sample["viewmats"], sample["Ks"], 160, 120)
    drawn = gr.render(gaussians, cameras, "cpu")
    seen = (drawn.alpha > 0.9) & (sample["depths"] > 0)
    wrong = (drawn.depth - sample["depths"])[seen].abs()
    mse = (drawn.color - sample["images"].permute(0, 2, 3, 1))[seen].square()
    facts = {"psnr": float(-10 * mse.mean().log10()), "depth": float(wrong.median())}
    assert facts["psnr"] > 17, json.dumps(facts)
    assert facts["depth"] < 0.06, json.dumps(facts)
    assert float(seen.float().mean()) > 0.6
