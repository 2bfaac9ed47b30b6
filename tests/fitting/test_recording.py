import numpy as np
import pytest
import torch

from gaussrep.data.scenes import frames
from gaussrep.data.scenes.frames import write_color_image, write_depth
from gaussrep.errors import DataError
from gaussrep.fitting.capture import open_capture
from gaussrep.fitting.capture_config import CaptureConfig, RecordingConfig

UP = torch.tensor([0.0, 0.0, 1.0])


def opened(path, **settings):
    return open_capture(RecordingConfig(path=str(path), hold_out_every=5, **settings))


def test_gives_images_depth_and_points(recording, tmp_path):
    capture = opened(recording, cache=str(tmp_path))
    assert capture.train.colors.shape == (4, 24, 32, 3)
    assert capture.train.colors[:, 0, 0, 0].tolist() == pytest.approx(
        [40 * i / 255 for i in range(4)], abs=0.01
    )
    assert capture.held_out.count == 1
    torch.testing.assert_close(capture.train.depths, torch.full((4, 24, 32), 0.3))
    torch.testing.assert_close(capture.train.cameras.Ks[0, :2, 2], torch.tensor([16.0, 12.0]))
    assert len(capture.points) == len(capture.colors) > 50
    ahead = capture.points @ capture.train.cameras.viewmats[0, 2, :3]
    torch.testing.assert_close(ahead, torch.full_like(ahead, 0.3), atol=1e-3, rtol=0)


def test_makes_images_smaller(recording, tmp_path):
    found = opened(recording, image_size=16, cache=str(tmp_path)).train
    assert found.colors.shape == (4, 12, 16, 3)
    assert found.cameras.Ks[0, 0, 0].item() == pytest.approx(15.0)


def test_leaves_out_a_damaged_frame(recording, tmp_path, caplog):
    (recording / "frames" / "frame-000001.color.jpg").write_bytes(b"no picture")
    assert opened(recording, cache=str(tmp_path)).train.count == 3
    assert "frame-000001" in caplog.text


def test_decodes_each_frame_once(recording, tmp_path, monkeypatch):
    opened(recording, cache=str(tmp_path))  # fuses the points, which decodes frames too
    decoded, read_steps = [], frames._read_steps

    def counted(path):
        decoded.append(path.name)
        return read_steps(path)

    monkeypatch.setattr(frames, "_read_steps", counted)
    assert opened(recording, image_size=16, cache=str(tmp_path)).train.count == 4
    assert sorted(decoded) == [f"frame-{number:06}.depth.png" for number in range(5)]


def test_leaves_out_a_frame_of_another_size(recording, tmp_path, caplog):
    frames = recording / "frames"
    write_color_image(np.zeros((12, 16, 3), np.uint8), frames / "frame-000002.color.jpg")
    write_depth(np.full((12, 16), 0.3, np.float32), frames / "frame-000002.depth.png")
    capture = opened(recording, cache=str(tmp_path))
    assert capture.train.count == 3
    assert "frame-000002.color.jpg (its depth has 16x12 pixels" in caplog.text
    ahead = capture.points @ capture.train.cameras.viewmats[0, 2, :3]
    torch.testing.assert_close(ahead, torch.full_like(ahead, 0.3), atol=1e-3, rtol=0)


def test_depth_in_other_steps(recording, tmp_path):
    found = opened(recording, cache=str(tmp_path), depth_scale=500).train
    torch.testing.assert_close(found.depths, torch.full((4, 24, 32), 0.6))


@pytest.mark.parametrize(
    ("files", "scale", "reason"),
    [
        ({"info.txt": "m_sensorName = x\nm_depthShift = 500.000\n"}, 500, "info.txt"),
        ({"cam_params.json": '{"camera": {"scale": 6553.5}}'}, 6553.5, "cam_params.json"),
        ({"groundtruth.txt": "", "depth.txt": ""}, 5000, "groundtruth.txt and depth.txt"),
        ({"info.txt": "a text", "cam_params.json": "[]", "depth.txt": ""}, 1000, None),
    ],
)
def test_the_unit_of_depth_of_well_known_recordings(
    recording, tmp_path, caplog, files, scale, reason
):
    caplog.set_level("INFO")
    for name, text in files.items():
        (recording / name).write_text(text)
    found = opened(recording, cache=str(tmp_path)).train
    torch.testing.assert_close(found.depths, torch.full((4, 24, 32), 300 / scale))
    if reason is not None:
        assert f"{scale:g} steps of depth are one meter, judged by {reason}" in caplog.text
    assert caplog.text.count("steps of depth") == (reason is not None)
    found = opened(recording, cache=str(tmp_path), depth_scale=500).train
    torch.testing.assert_close(found.depths, torch.full((4, 24, 32), 0.6))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("info.txt", "m_depthShift = 0"),
        ("cam_params.json", "{"),
        ("cam_params.json", '{"camera": {"scale": "wide"}}'),
    ],
)
def test_a_damaged_unit_of_depth_names_the_setting(recording, name, text):
    (recording / name).write_text(text)
    with pytest.raises(DataError, match=f"{name}: cannot be read: .*; set data.depth_scale"):
        opened(recording)


def test_refuses_a_folder_of_several(recording):
    (recording.parent / "hall" / "frames").mkdir(parents=True)
    with pytest.raises(DataError, match="2 recordings here, hall, room"):
        opened(recording.parent)


@pytest.mark.slow
def test_reads_a_real_room(real_data, tmp_path):
    import tarfile

    with tarfile.open(real_data / "rgbd-room.tar") as tar:
        tar.extractall(tmp_path, filter="data")
    found = open_capture(CaptureConfig(path=str(tmp_path / "room"), image_size=160))
    assert found.train.colors.shape == (90, 120, 160, 3)
    assert found.held_out.count == 10
