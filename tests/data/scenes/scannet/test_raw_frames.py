import numpy as np
import pytest
from PIL import Image

from gaussrep.data.scenes.scannet.raw_frames import ExportedFrames, SensFile
from gaussrep.data.unreadable import UnreadableSceneError


@pytest.fixture
def path(raw):
    return raw.root / "scans" / "scene0000_00" / "scene0000_00.sens"


def test_frames_come_back_in_the_size_of_the_depth(path, raw):
    sens = SensFile(path)
    assert sorted(sens.viewmats) == [0, 1, 3, 4, 5]  # the pose of 2 was lost
    np.testing.assert_allclose(sens.intrinsics, raw.K, rtol=1e-5)
    frame, wanted = sens.read(4), raw.frames[4]
    np.testing.assert_allclose(frame.depth, wanted.depth, atol=6e-4)
    np.testing.assert_allclose(frame.viewmat, wanted.viewmat, atol=1e-5)
    assert frame.image.shape == wanted.image.shape
    assert np.abs(frame.image.astype(int) - wanted.image.astype(int)).mean() < 6


def test_damaged_recordings_are_named(path):
    whole = path.read_bytes()
    for cut in (0, 10, 100, 400, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(UnreadableSceneError, match=r"\.sens: this recording is truncated"):
            SensFile(path)
    path.write_bytes(b"\3" + whole[1:])
    with pytest.raises(UnreadableSceneError, match=r"expected a \.sens file of version 4"):
        SensFile(path)
    path.write_bytes(whole[:-40] + bytes(40))
    with pytest.raises(UnreadableSceneError, match="frame 5 cannot be read"):
        SensFile(path).read(5)
    np.testing.assert_allclose(SensFile(path).read(1).depth.shape, (24, 32))


def test_exported_frames_are_those_with_a_number_and_a_pose(tmp_path, caplog):
    for part in ("color", "depth", "pose", "intrinsic"):
        (tmp_path / part).mkdir()
    np.savetxt(tmp_path / "intrinsic" / "intrinsic_depth.txt", np.diag([60, 60, 1, 1]))
    for stem in ("000000", "000010", "000020"):
        Image.new("RGB", (64, 48)).save(tmp_path / "color" / f"{stem}.jpg")
        depth = Image.fromarray(np.full((48, 64), 900, np.uint16))
        depth.save(tmp_path / "depth" / f"{stem}.png")
        np.savetxt(tmp_path / "pose" / f"{stem}.txt", np.eye(4))
    (tmp_path / "color" / "._000000.jpg").write_bytes(b"\0\5\x16\7")
    (tmp_path / "color" / "thumb.jpg").touch()
    (tmp_path / "pose" / "000010.txt").unlink()
    frames = ExportedFrames(tmp_path)
    assert sorted(frames.viewmats) == [0, 20]
    assert frames.read(20).depth.max() == np.float32(0.9)
    assert "1 of 3 frames are left out: 000010.jpg" in caplog.text
